internal import Exchange
internal import Secrets

/// Key stores that did not answer, for one round over keys or orders: each further try of the round would take as long.
struct SilentStores {
    private var names: Set<String> = []

    /// - Parameter store: nil for keys that lie here, whose silence nobody need fear.
    func has(_ store: String?) -> Bool { store.map(names.contains) ?? false }

    mutating func add(_ store: String?) {
        if let store { names.insert(store) }
    }

    /// Whether this failure says of a store that it is away, rather than something of one key.
    static func isSilence(_ error: any Error) -> Bool {
        switch error {
        case let error as ExchangeError: error.kind == .notSigned
        case let error as SecretStoreError: error.cause.isTransient
        default: false
        }
    }
}
