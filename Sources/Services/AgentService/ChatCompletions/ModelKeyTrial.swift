internal import AsyncHTTPClient
internal import NIOHTTP1
internal import OutboundHTTP
internal import Secrets

/// Asks the model's server whether it takes a key, before that key is the one that serves.
struct ModelKeyTrial: Sendable {
    /// A revocation may have to wait for it, and is to be over within a second.
    static let longest = Duration.milliseconds(600)

    /// The server says no.
    struct Refused: Error, CustomStringConvertible {
        let keyID: String
        let status: UInt

        var description: String {
            "the model's server refuses the new key \(keyID) (\(status)), and the one before stays in use: put another one as \(ModelKey.storedName)"
        }
    }

    private let client: OutboundHTTPClient
    private let url: String

    init(_ address: ModelAddress, rootsPath: String?) {
        client = OutboundHTTPClient(rootsPath: rootsPath, connect: Self.longest, connections: 1)
        url = address.models
    }

    /// Returns when the server takes the key, and when it says nothing of it: not every one can be asked.
    ///
    /// - Throws: `Refused`, `CancellationError`.
    func run(_ key: ModelKey.Value) async throws {
        let status = try? await withDeadline(Self.longest) {
            try await ask(with: key.bytes)
        } late: {
            ModelFailure.tooSlow("no word on a key")
        }
        try Task.checkCancellation()
        // Not 403: a good key may be kept from this one question.
        if let status, status == 401 { throw Refused(keyID: key.id, status: status) }
    }

    private func ask(with key: SecretBytes) async throws -> UInt {
        var request = HTTPClientRequest(url: url)
        request.bear(key)
        return try await client.execute(request, timeout: Self.longest).status.code
    }
}

extension HTTPClientRequest {
    mutating func bear(_ key: SecretBytes) {
        headers.add(name: "authorization", value: "Bearer " + key.withUnsafeBytes { String(decoding: $0, as: UTF8.self) })
    }
}
