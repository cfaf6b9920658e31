internal import Exchange
internal import Secrets

/// Key stores that did not answer, for one round over keys or orders: each further try of the round would take as long.
struct SilentStores {
    private var names: Set<String> = []
    /// By store: the keys with which it has not signed.
    private var unsigned: [String: Set<String>] = [:]

    /// - Parameter store: nil for keys that lie here, whose silence nobody need fear.
    func has(_ store: String?) -> Bool { store.map(names.contains) ?? false }

    /// Whether the store is silent, or was for this key.
    func has(_ store: String?, key: String) -> Bool {
        has(store) || store.flatMap { unsigned[$0] }?.contains(key) ?? false
    }

    mutating func add(_ store: String?) {
        if let store { names.insert(store) }
    }

    /// The store did not sign with a key. It may be that key alone, taken away or denied, and nobody else waits for that: two say that it is the store.
    mutating func addUnsigned(_ key: String, in store: String?) {
        guard let store else { return }
        unsigned[store, default: []].insert(key)
        if unsigned[store]?.count ?? 0 > 1 { add(store) }
    }

    /// Whether this failure may say of a store that it is away.
    static func isSilence(_ error: any Error) -> Bool {
        switch error {
        case let error as ExchangeError: error.kind == .notSigned
        case let error as SecretStoreError: error.cause.isTransient
        default: false
        }
    }
}
