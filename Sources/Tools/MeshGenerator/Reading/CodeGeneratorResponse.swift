internal import CPluginMessages
internal import CProtobufC

struct GeneratedFile {
    /// Relative to the output folder.
    var name: String
    var content: String
}

/// The bytes that a plugin writes to its standard output.
enum CodeGeneratorResponse {
    static func packed(_ files: [GeneratedFile]) -> [UInt8] {
        packed(error: "", files)
    }

    static func packed(error: String) -> [UInt8] {
        packed(error: error, [])
    }

    /// protoc's FEATURE_PROTO3_OPTIONAL: such files reach the plugin, which refuses them in its own words.
    private static let supportedFeatures: UInt64 = 1

    private static func packed(error: String, _ files: [GeneratedFile]) -> [UInt8] {
        let copies = CStrings()
        let list = UnsafeMutableBufferPointer<Mesh__Plugin__GeneratedFile>.allocate(capacity: files.count)
        let pointers = UnsafeMutableBufferPointer<UnsafeMutablePointer<Mesh__Plugin__GeneratedFile>?>.allocate(capacity: files.count)
        defer {
            list.deallocate()
            pointers.deallocate()
        }
        for (index, file) in files.enumerated() {
            var message = Mesh__Plugin__GeneratedFile()
            mesh__plugin__generated_file__init(&message)
            message.name = copies.copy(file.name)
            message.content = copies.copy(file.content)
            list.initializeElement(at: index, to: message)
            pointers.initializeElement(at: index, to: list.baseAddress.map { $0 + index })
        }
        var response = Mesh__Plugin__CodeGeneratorResponse()
        mesh__plugin__code_generator_response__init(&response)
        response.error = copies.copy(error)
        response.supported_features = supportedFeatures
        response.n_file = files.count
        response.file = pointers.baseAddress
        return [UInt8](unsafeUninitializedCapacity: mesh__plugin__code_generator_response__get_packed_size(&response)) {
            $1 = mesh__plugin__code_generator_response__pack(&response, $0.baseAddress)
        }
    }
}

/// C copies of strings, freed with this object.
private final class CStrings {
    private var copies: [UnsafeMutableBufferPointer<CChar>] = []

    deinit {
        for copy in copies { copy.deallocate() }
    }

    func copy(_ text: String) -> UnsafeMutablePointer<CChar>? {
        let bytes = text.utf8CString
        let copy = UnsafeMutableBufferPointer<CChar>.allocate(capacity: bytes.count)
        _ = copy.initialize(from: bytes)
        copies.append(copy)
        return copy.baseAddress
    }
}
