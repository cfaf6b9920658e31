/// Why a secret could not be had or changed. For the log: it names store, secret and cause, never a value.
public struct SecretStoreError: Error, Equatable, CustomStringConvertible {
    public enum Cause: Error, Equatable {
        /// Names have lower-case letters, digits and hyphens.
        case invalidName
        /// No such secret, version or stage.
        case notFound
        /// The version's value was destroyed on purpose.
        case revoked
        /// The secret lies where others could read or replace it.
        case exposed(String)
        /// The value, or a setting, does not fit its use.
        case unusable(String)
        /// This store, or this process, only reads.
        case readOnly
        /// The store could not be reached or had no answer: the one cause that trying again may cure.
        case unavailable(String)
        /// The secrets are another environment's, or name none.
        case otherEnvironment(found: String?, expected: String)
        /// The store refuses this service.
        case denied(String)
        /// The store's contents are sealed under another wrapping key; both are named by their ids.
        case wrongKey(needed: String, given: String)
        /// Bytes changed by accident: the checksum does not hold.
        case damaged(String)
        /// Bytes changed on purpose: the checksum holds and what was signed under the key does not.
        case tampered(String)
        /// A response-wrapping token was used before or is none: somebody else may have what it wrapped.
        case unwrapRefused(String)
        /// Somebody else changed the secret meanwhile.
        case conflict(String)
        /// Out of a bound of this store.
        case limit(String)
        /// The store is unreachable for longer than the cached value may be used.
        case expired(String)
    }

    public let store: String
    /// nil when the store as a whole failed.
    public let secret: String?
    public let cause: Cause

    public init(store: String, secret: String?, cause: Cause) {
        self.store = store
        self.secret = secret
        self.cause = cause
    }

    public var description: String {
        (secret.map { "secret \($0) of store \(store)" } ?? "secret store \(store)") + ": \(cause)"
    }
}

extension SecretStoreError.Cause: CustomStringConvertible {
    public var description: String {
        switch self {
        case .invalidName: "no name for a secret: use lower-case letters, digits and hyphens"
        case .notFound: "does not exist"
        case .revoked: "is revoked"
        case .exposed(let why): "is refused: \(why)"
        case .unusable(let why): "does not fit its use: \(why)"
        case .readOnly: "can only be read"
        case .unavailable(let why): "cannot be had now: \(why)"
        case .otherEnvironment(let found?, let expected): "belongs to the environment \(found), and this is \(expected)"
        case .otherEnvironment(nil, let expected): "names no environment, and this is \(expected): see compose/secrets.md"
        case .denied(let why): "access denied: \(why)"
        case .wrongKey(let needed, let given): "is sealed under wrapping key \(needed), and the key given is \(given)"
        case .damaged(let why): "is damaged: \(why)"
        case .tampered(let why): "was changed by somebody without the key: \(why)"
        case .unwrapRefused(let why): "ALARM, somebody else may have unwrapped the credential: \(why)"
        case .conflict(let why): "was changed by somebody else: \(why)"
        case .limit(let why): "over a limit: \(why)"
        case .expired(let why): "has no usable copy any more: \(why)"
        }
    }

    /// Whether there is nothing to have, rather than something in the way.
    public var isAbsence: Bool { self == .notFound || self == .revoked }

    /// Whether the store, or this machine, refuses this process.
    public var isDenial: Bool {
        switch self {
        case .denied, .exposed, .unwrapRefused: true
        default: false
        }
    }

    /// Whether another wrapping key opens it.
    var isWrongKey: Bool {
        if case .wrongKey = self { true } else { false }
    }

    /// Whether somebody else changes the same.
    public var isConflict: Bool {
        if case .conflict = self { true } else { false }
    }

    /// Whether somebody else may have what was meant for this process.
    public var isAlarm: Bool {
        if case .unwrapRefused = self { true } else { false }
    }

    /// Whether the same request may succeed a little later.
    public var isTransient: Bool {
        if case .unavailable = self { true } else { false }
    }
}
