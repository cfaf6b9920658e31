/// How a message is written as JSON.
public struct MessageJSONOptions: Sendable {
    /// Also writes fields that hold their default. Messages and oneof members that are not set are left out all the same.
    public var includesDefaults: Bool
    /// One value a line, indented by two spaces; otherwise everything on one line.
    public var isIndented: Bool

    public init(includesDefaults: Bool = false, isIndented: Bool = false) {
        self.includesDefaults = includesDefaults
        self.isIndented = isIndented
    }
}

// protobuf's JSON mapping: https://protobuf.dev/programming-guides/json/
extension MessageLayout {
    /// Packs a message that is written as JSON.
    ///
    /// Names are taken as the `.proto` has them and in lowerCamelCase; integers also as strings; bytes in either base64 alphabet;
    /// enums by name or number; null means the default. A field that the message doesn't have is an error.
    ///
    /// - Throws: `MessageJSONError`; no text makes it trap. What it returns unpacks within `MessageLimits`.
    public func packed(json: some Sequence<UInt8>) throws(MessageJSONError) -> [UInt8] {
        let value = try JSONReader.read(Array(json))
        var packer = JSONPacker()
        let bytes = try packer.pack(value, self)
        try check(bytes)
        return bytes
    }

    /// See ``packed(json:)-(Sequence<UInt8>)``.
    public func packed(json: String) throws(MessageJSONError) -> [UInt8] {
        try packed(json: json.utf8)
    }

    /// Writes a packed message as JSON: names in lowerCamelCase, 64-bit integers as strings, bytes as base64, enums by name where
    /// they have one. Fields that the message doesn't know are left out.
    ///
    /// - Throws: `MessageError`, as unpacking does; `tooLong` when the text would pass `MessageLimits.maxJSONBytes`.
    public func json(_ packed: [UInt8], _ options: MessageJSONOptions = MessageJSONOptions()) throws(MessageError) -> String {
        let result = packed.withUnsafeBytes { bytes in
            Result { () throws(MessageError) in
                try MessageScan.check(bytes, self)
                return try JSONPrinter.print(bytes, self, options)
            }
        }
        return try result.get()
    }

    private func check(_ bytes: [UInt8]) throws(MessageJSONError) {
        let result = bytes.withUnsafeBytes { bytes in
            Result { () throws(MessageError) in try MessageScan.check(bytes, self) }
        }
        do {
            try result.get()
        } catch {
            throw MessageJSONError(.limit, "the message can't be packed: \(error)")
        }
    }
}
