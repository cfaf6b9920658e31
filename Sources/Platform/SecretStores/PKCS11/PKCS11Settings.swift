/// Which PKCS#11 device is used, and which keys of it.
public struct PKCS11Settings: Codable, Sendable, Equatable {
    /// Absolute path of the vendor's module: `/usr/lib/softhsm/libsofthsm2.so`.
    public var module: String
    /// The token's label.
    public var token: String
    /// A file with the user's PIN.
    public var pinFile: String
    /// Label of the AES-256 key that wraps the data key of the sealed file.
    public var wrappingKey: String
    /// The sealed file; `secrets/<service>.sealed` in the service's folder if absent.
    public var path: String?
    /// What the module reads besides the system's libraries, and what it writes: a confined process may do neither otherwise.
    public var readable: [String]?
    public var writable: [String]?

    public init(
        module: String, token: String, pinFile: String, wrappingKey: String, path: String? = nil, readable: [String]? = nil,
        writable: [String]? = nil
    ) {
        self.module = module
        self.token = token
        self.pinFile = pinFile
        self.wrappingKey = wrappingKey
        self.path = path
        self.readable = readable
        self.writable = writable
    }
}
