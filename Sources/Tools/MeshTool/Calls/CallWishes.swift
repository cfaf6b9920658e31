import Foundation
package import MeshCall
package import MeshTelemetry

/// A call's metadata, token and time as somebody typed them.
package struct CallWishes {
    private let headers: [String]
    private let tokenFile: String?
    private let timeout: Double?
    private let trace: TraceParent?

    /// A day.
    static let longestSeconds = 86_400.0
    static let largestTokenFile = 16 << 10

    /// - Parameters:
    ///   - headers: `key:value` each.
    ///   - trace: sent as `traceparent`.
    package init(_ headers: [String] = [], _ tokenFile: String? = nil, _ timeout: Double? = nil, trace: TraceParent? = nil) {
        self.headers = headers
        self.tokenFile = tokenFile
        self.timeout = timeout
        self.trace = trace
    }

    /// - Throws: `MeshCommandError.usage`.
    package func options() throws -> CallOptions {
        var metadata = Metadata()
        for header in headers {
            let (key, value) = try Self.split(header)
            metadata.append(value, for: key)
        }
        // Two of them void each other: the server would begin a trace of its own, and the id that was said would lead nowhere.
        guard trace == nil || metadata[TraceParent.headerName] == nil else {
            throw MeshCommandError.usage("--trace and --header \(TraceParent.headerName) each name a trace: give one of them")
        }
        if let trace { metadata.append(trace.header, for: TraceParent.headerName) }
        if let tokenFile { metadata.append("Bearer \(try Self.token(in: tokenFile))", for: "authorization") }
        return CallOptions(timeout: try timeout.map(Self.duration), metadata: metadata)
    }

    private static func split(_ header: String) throws -> (key: String, value: String) {
        let parts = header.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map { $0.trimmingCharacters(in: .whitespaces) }
        guard parts.count == 2, !parts[0].isEmpty, parts[0].utf8.allSatisfy(isKeyByte) else {
            throw MeshCommandError.usage("--header takes KEY:VALUE, the key of letters, digits, '-', '_' and '.'")
        }
        // Arguments can be read by every process of the machine.
        guard parts[0].lowercased() != "authorization" else {
            throw MeshCommandError.usage("a token goes into a file: --token-file instead of --header authorization")
        }
        return (parts[0], parts[1])
    }

    private static func isKeyByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: [UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: ".")].contains(byte)
        }
    }

    private static func token(in path: String) throws -> String {
        guard let file = FileHandle(forReadingAtPath: path), let content = try? file.read(upToCount: largestTokenFile) else {
            throw MeshCommandError.usage("cannot read \(path)")
        }
        let token = String(decoding: content, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        guard !token.isEmpty, token.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
            throw MeshCommandError.usage("\(path) holds no token")
        }
        return token
    }

    private static func duration(_ seconds: Double) throws -> Duration {
        guard seconds > 0, seconds <= longestSeconds else { throw MeshCommandError.usage("--timeout takes seconds up to \(Int(longestSeconds))") }
        return .seconds(seconds)
    }
}
