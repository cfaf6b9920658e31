internal import Cryptography
internal import Foundation
internal import KeyManagement
public import Secrets
internal import SecretStores

/// The secret stores of a deployment's services, as its operator opens them on this machine.
public struct DeploymentSecrets: Sendable {
    private let folder: StateFolder
    private let options: DeploymentOptions

    /// - Throws: when `folder` is not initialised.
    public init(_ folder: StateFolder) throws {
        self.init(folder, try Initializer(folder).options())
    }

    /// Where people's trade keys are made, if not in execution.
    var tradeKeys: RemoteKeySettings? { options.tradeKeys }

    init(_ folder: StateFolder, _ options: DeploymentOptions) {
        self.folder = folder
        self.options = options
    }

    /// The store of one service, with all rights to it.
    ///
    /// - Throws: `SecretStoreError` when its wrapping key is missing or cannot be used.
    public func store(of name: ServiceName) throws -> any SecretStore {
        try settings(of: name).open(folder: folder.secrets(name), owner: name.rawValue, environment: options.environment)
    }

    /// What the service's settings say of it.
    func settings(of name: ServiceName) -> SecretStoreSettings {
        if let store = options.secretStores?[name.rawValue] { return store }
        return switch options.secretsPlace {
        case .files: SecretStoreSettings(driver: .files)
        case .sealed: SecretStoreSettings(driver: .sealed, sealed: SealedSettings(key: .init(keyFile: wrappingKey(of: name))))
        }
    }

    // MARK: - Making

    /// Makes each service's random secrets, once.
    ///
    /// - Throws: `DeploymentError` when a sealed file is there and its wrapping key is not; `SecretStoreError`.
    func makeMissing() async throws {
        if options.secretsPlace == .sealed { try PrivateFiles.claimFolder(wrappingKeys) }
        for name in ServiceName.allCases {
            try makeReady(name)
            let store = try store(of: name)
            for secret in name.secrets { try await put(secret, in: store) }
        }
    }

    /// Keeps what is there: a secret is made once.
    func put(_ value: @autoclosure () -> SecretBytes, as name: String, in store: any SecretStore) async throws {
        do {
            guard try await store.versions(of: name).isEmpty else { return }
        } catch let error where error.isNotFound {}
        try await store.put(value(), as: name, at: .current)
    }

    private func put(_ secret: SecretKind, in store: any SecretStore) async throws {
        switch secret {
        case .raw(let name): try await put(Self.random(), as: name, in: store)
        case .text(let name): try await put(Self.text(of: Self.random()), as: name, in: store)
        }
    }

    /// Puts another random text in the place of one.
    func replaceText(_ secret: String, of name: ServiceName) async throws {
        let store = try store(of: name)
        let version = try await store.versions(of: secret).first { $0.stages.contains(.current) }
        try await store.put(Self.text(of: Self.random()), as: secret, at: .current)
        if let version { try await store.revoke(version.id, of: secret) }
    }

    /// Puts another key in the place of a service's data key, which the service takes up by itself. Until it has, the one before has to be there.
    ///
    /// - Throws: `DeploymentError` while the one before the present one counts: a store keeps one previous version.
    func replaceDataKey(of name: ServiceName) async throws {
        let (store, secret) = (try store(of: name), DataKeyring.secret)
        guard try await !store.versions(of: secret).contains(where: { $0.stages.contains(.previous) && !$0.isRevoked }) else {
            throw DeploymentError("\(name.rawValue)/\(secret): the one before the present one still counts, for a day as a rule: do it again then")
        }
        try await store.put(Self.random(), as: secret, at: .current)
    }

    private func makeReady(_ name: ServiceName) throws {
        guard options.secretStores?[name.rawValue] == nil else { return }
        switch options.secretsPlace {
        case .files: try makeMark(name)
        case .sealed: try makeWrappingKey(name)
        }
    }

    /// Files say beside them whose environment they are of; a sealed file says it itself.
    private func makeMark(_ name: ServiceName) throws {
        let mark = folder.secrets(name) + "/" + EnvironmentMark.name
        if !PrivateFiles.exists(mark) { try PrivateFiles.write(options.environment + "\n", to: mark) }
    }

    private func makeWrappingKey(_ name: ServiceName) throws {
        guard !PrivateFiles.exists(wrappingKey(of: name)) else { return }
        let sealed = SecretStoreSettings.sealedPath(folder: folder.secrets(name), owner: name.rawValue)
        guard !PrivateFiles.exists(sealed) else {
            throw DeploymentError("\(sealed) is sealed, and its wrapping key is not at \(wrappingKey(of: name)): bring it back")
        }
        try PrivateFiles.makeFolder("\(wrappingKeys)/\(name.rawValue)")
        try Self.random().withUnsafeBytes { try PrivateFiles.write(Data($0), to: wrappingKey(of: name)) }
    }

    // MARK: - Wrapping keys

    /// Seals a service's secrets anew under a new data key and a new wrapping key, while the service runs: it reads the key file again.
    ///
    /// - Returns: false where its secrets do not lie in a sealed file of ours.
    /// - Throws: `SecretStoreError`, `DeploymentError`.
    public func replaceWrappingKey(of name: ServiceName) async throws -> Bool {
        guard options.secretsPlace == .sealed, options.secretStores?[name.rawValue] == nil else { return false }
        let (path, environment) = (SecretStoreSettings.sealedPath(folder: folder.secrets(name), owner: name.rawValue), options.environment)
        try await WrappingKeyFile(path: wrappingKey(of: name)).replace {
            SealedSecretStore(path: path, owner: name.rawValue, environment: environment, key: $0)
        }
        return true
    }

    /// One folder for each service: a confined process is let into its own alone.
    private var wrappingKeys: String { options.wrappingKeys ?? folder.usualWrappingKeys }

    /// The file with the key that wraps `name`'s sealed file: 32 bytes.
    public func wrappingKey(of name: ServiceName) -> String { "\(wrappingKeys)/\(name.rawValue)/wrapping-key" }

    private static func random() -> SecretBytes {
        var bytes = SecureRandom.bytes(32)
        return SecretBytes(taking: &bytes)
    }

    /// Hexadecimal, for what goes where only text can.
    private static func text(of bytes: SecretBytes) -> SecretBytes {
        SecretBytes(copying: Hex.encode(bytes.withUnsafeBytes(Array.init)).utf8)
    }
}

extension Error {
    fileprivate var isNotFound: Bool { (self as? SecretStoreError)?.cause == .notFound }
}
