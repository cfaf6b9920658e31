import Foundation

/// One of the mesh's parsers or state machines, and what must hold of it whatever the bytes.
enum FuzzTarget: String, CaseIterable, Codable {
    case frames, connections, server, messages, envelopes, certificates
    /// `connections` with a planted fault, which must be found.
    case canary

    /// Ends the process where a rule is broken: see ``require(_:_:)``.
    func run(_ bytes: UnsafeRawBufferPointer) {
        switch self {
        case .frames: FrameFuzzer.run(bytes)
        case .connections: ConnectionFuzzer.run(bytes, losesCredit: false)
        case .server: ServerFuzzer.run(bytes)
        case .messages: MessageFuzzer.run(bytes)
        case .envelopes: EnvelopeFuzzer.run(bytes)
        case .certificates: CertificateFuzzer.run(bytes)
        case .canary: ConnectionFuzzer.run(bytes, losesCredit: true)
        }
    }
}

/// Ends the process, which is how libFuzzer learns of a failure, when what must hold does not.
func require(_ holds: Bool, _ rule: @autoclosure () -> String) {
    guard !holds else { return }
    FileHandle.standardError.write(Data("BROKEN: \(rule())\n".utf8))
    abort()
}
