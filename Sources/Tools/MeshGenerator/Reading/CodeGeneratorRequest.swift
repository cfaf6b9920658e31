internal import CPluginMessages
internal import CProtobufC

/// What protoc asks for.
struct CodeGeneratorRequest {
    var filesToGenerate: [String]
    var parameter: String
    /// The files to generate and all that they import.
    var files: [ProtoFile]

    /// Reads the bytes that protoc writes to a plugin's standard input.
    init(_ bytes: [UInt8]) throws(GeneratorError) {
        guard let request = mesh__plugin__code_generator_request__unpack(nil, bytes.count, bytes) else {
            throw GeneratorError("the request is not a CodeGeneratorRequest")
        }
        defer { mesh__plugin__code_generator_request__free_unpacked(request, nil) }
        filesToGenerate = CRead.strings(request.pointee.file_to_generate, request.pointee.n_file_to_generate)
        parameter = CRead.string(request.pointee.parameter)
        files = []
        for file in CRead.messages(request.pointee.proto_file, request.pointee.n_proto_file) {
            files.append(try ProtoFile(file.pointee))
        }
    }
}

/// Values of protobuf-c's structs.
enum CRead {
    static func string(_ text: UnsafePointer<CChar>?) -> String {
        text.map { String(cString: $0) } ?? ""
    }

    static func strings(_ list: UnsafePointer<UnsafeMutablePointer<CChar>?>?, _ count: Int) -> [String] {
        (0..<count).map { string(list?[$0]) }
    }

    static func messages<Message>(_ list: UnsafePointer<UnsafeMutablePointer<Message>?>?, _ count: Int) -> [UnsafeMutablePointer<Message>] {
        (0..<count).compactMap { list?[$0] }
    }
}
