internal import KeyManagement
internal import Secrets
internal import Synchronization

/// The key of the model's API, as it is now.
final class ModelKey: Sendable {
    /// Its name in the agent's store. The provider makes it, an operator puts it there.
    static let storedName = "llm-api-key"

    struct Value: Sendable {
        var id: String
        var bytes: SecretBytes
    }

    private let value = Mutex<Value?>(nil)

    /// nil: nothing is asked of the model.
    var current: Value? { value.withLock { $0 } }

    func take(_ key: Value?) {
        value.withLock { $0 = key }
    }
}

extension ModelKey.Value {
    /// Bytes of the longest key.
    static let longest = 4096

    /// - Throws: `Unfit` for what cannot stand in a header: white space in its middle, or what is no ASCII.
    init(id: String, checking stored: SecretBytes) throws(Unfit) {
        let line = SecretText.line(stored)
        let isPlain = line.withUnsafeBytes { $0.allSatisfy { (0x21...0x7e).contains($0) } }
        guard isPlain, (1...Self.longest).contains(line.count) else { throw Unfit() }
        (self.id, bytes) = (id, line)
    }

    struct Unfit: Error, CustomStringConvertible {
        var description: String { "a model key is 1 to \(longest) ASCII characters without spaces" }
    }
}
