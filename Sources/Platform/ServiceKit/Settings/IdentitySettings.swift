/// How a process comes by its mesh certificate.
public struct IdentitySettings: Codable, Sendable, Equatable {
    public enum Mode: String, Codable, Sendable {
        /// Somebody else writes the files: SPIRE, cert-manager, an operator. They are looked at now and then.
        case files
        /// From auth: by a join token at first, then renewed over the mesh.
        case enrol
        /// auth's own way: it issues certificates, its own among them, and serves enrolment.
        case issue
    }

    public var mode: Mode
    /// Where enrolment is served; not used in mode `files`.
    public var enrolment: Endpoint?
    /// Milliseconds between two looks at the clock; nil means one second.
    public var checkMilliseconds: Int?

    public init(mode: Mode, enrolment: Endpoint? = nil, checkMilliseconds: Int? = nil) {
        self.mode = mode
        self.enrolment = enrolment
        self.checkMilliseconds = checkMilliseconds
    }

    public static let files = IdentitySettings(mode: .files)

    /// Between 10 ms and 10 s.
    public var checkInterval: Duration { .milliseconds(min(max(checkMilliseconds ?? 1000, 10), 10_000)) }

    /// - Throws: `StartUpError.settings`.
    func check(service: String) throws {
        guard mode == .files || enrolment != nil else { throw StartUpError.settings("identity.enrolment is missing") }
        guard mode != .issue || service == "auth" else { throw StartUpError.settings("identity.mode 'issue' is auth's alone") }
        if let enrolment, !(0...65535).contains(enrolment.port) { throw StartUpError.settings("\(enrolment) has no valid port") }
    }
}
