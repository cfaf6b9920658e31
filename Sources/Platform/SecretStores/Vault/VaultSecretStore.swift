internal import FoundationEssentials
public import Secrets

/// Secrets in OpenBao or HashiCorp Vault, KV version 2.
///
/// Stages stand in the secret's custom metadata, `current`, `pending` and `previous` with version numbers. A secret that another tool put
/// there, without them, has its newest version as the current one. The value is the field `base64`, or `value` for text.
public struct VaultSecretStore: SecretStore {
    public let kind = "vault"
    private let session: VaultSession
    private let mount: String
    private let prefix: String

    /// Connects when first asked.
    ///
    /// - Throws: `SecretStoreError` for settings that cannot be used.
    public init(_ settings: VaultSettings) throws {
        try self.init(settings, limits: StoreLimits())
    }

    init(_ settings: VaultSettings, limits: StoreLimits) throws {
        do {
            session = try VaultSession(settings, limits: limits)
            mount = try StorePath.checked(settings.mount ?? "secret", "mount")
            prefix = try StorePath.checked(settings.prefix, "prefix")
        } catch let cause as SecretStoreError.Cause {
            throw SecretStoreError(store: "vault", secret: nil, cause: cause)
        }
    }

    public func value(of name: String, at stage: SecretStage) async throws -> SecretValue {
        try await about(name) {
            let state = try await state(of: name)
            guard let version = state.map[stage] else { throw SecretStoreError.Cause.notFound }
            guard let found = state.version(version) else { throw SecretStoreError.Cause.notFound }
            guard !found.isRevoked else { throw SecretStoreError.Cause.revoked }
            return SecretValue(bytes: try await read(name, version), version: found)
        }
    }

    public func versions(of name: String) async throws -> [SecretVersion] {
        try await about(name) {
            let versions = try await state(of: name).versions
            guard !versions.isEmpty else { throw SecretStoreError.Cause.notFound }
            return versions
        }
    }

    @discardableResult
    public func put(_ value: SecretBytes, as name: String, at stage: SecretStage) async throws -> SecretVersion {
        try await about(name) {
            try SecretRules.check(putting: value, at: stage)
            let state = try await knownState(of: name)
            if stage == .pending { try SecretRules.check(pendingAfter: state?.map[.current]) }
            let (number, overflow) = (state?.newest ?? 0).addingReportingOverflow(1)
            guard !overflow else { throw SecretStoreError.Cause.unavailable("its answer was not understood") }
            let next = String(number)
            var map = state?.map ?? StageMap()
            try map.assign(stage, to: next)
            // Without any stages the newest version counts as current, and between the two requests that would be this one.
            if let state, !state.hasStages { try await write(state.map, name, state) }
            try await write(value, name, after: state?.newest ?? 0)
            try await write(map, name, state)
            return SecretVersion(id: next, stages: map.stages(of: next), created: Date())
        }
    }

    public func move(_ stage: SecretStage, of name: String, to version: String) async throws {
        try await about(name) {
            try SecretRules.check(assigning: stage)
            let state = try await state(of: name)
            guard let found = state.version(version) else { throw SecretStoreError.Cause.notFound }
            guard !found.isRevoked else { throw SecretStoreError.Cause.revoked }
            var map = state.map
            try map.assign(stage, to: version)
            try await write(map, name, state)
        }
    }

    public func revoke(_ version: String, of name: String) async throws {
        struct Body: Encodable, Sendable { var versions: [Int] }
        try await about(name) {
            let state = try await state(of: name)
            guard state.version(version) != nil, let number = Int(version) else { throw SecretStoreError.Cause.notFound }
            // The stages as they are: without them an older version would become the newest that is left, and current.
            try await write(state.map, name, state)
            let call = VaultClient.Call(method: "PUT", path: path("destroy", name), body: Body(versions: [number]))
            _ = try await session.answer(call, as: VaultNothing.self)
        }
    }
}

extension VaultSecretStore {
    private func path(_ operation: String, _ name: String) -> String { "\(mount)/\(operation)/\(prefix)/\(name)" }

    private func state(of name: String) async throws -> VaultSecretState {
        guard let state = try await knownState(of: name) else { throw SecretStoreError.Cause.notFound }
        return state
    }

    private func knownState(of name: String) async throws -> VaultSecretState? {
        do {
            let call = VaultClient.Call<VaultNothing>("GET", path("metadata", name))
            return try await session.answer(call, as: VaultKVMetadata.self).data.map(VaultSecretState.init)
        } catch SecretStoreError.Cause.notFound {
            return nil
        }
    }

    private func read(_ name: String, _ version: String) async throws -> SecretBytes {
        struct Answer: Decodable, Sendable { var data: VaultKVData? }
        let call = VaultClient.Call<VaultNothing>("GET", path("data", name) + "?version=\(version)")
        guard let data = try await session.answer(call, as: Answer.self).data?.data else { throw SecretStoreError.Cause.revoked }
        guard var bytes = data.base64.map({ Data(base64Encoded: $0).map(Array.init) }) ?? data.value.map({ Array($0.utf8) }) else {
            throw SecretStoreError.Cause.unusable("it has neither a field 'base64' nor 'value'")
        }
        try SecretRules.check(size: bytes.count)
        return SecretBytes(taking: &bytes)
    }

    /// Not repeated: a write whose answer was lost would be refused the second time as somebody else's.
    private func write(_ value: SecretBytes, _ name: String, after newest: Int) async throws {
        struct Body: Encodable, Sendable {
            struct Options: Encodable, Sendable { var cas: Int }
            var options: Options
            var data: VaultKVData
        }
        let text = value.withUnsafeBytes { Data($0).base64EncodedString() }
        let body = Body(options: .init(cas: newest), data: VaultKVData(base64: text))
        let call = VaultClient.Call(method: "POST", path: path("data", name), body: body, isRepeatable: false)
        _ = try await session.answer(call, as: VaultNothing.self)
    }

    /// The whole custom metadata is written anew; what others keep there stays.
    private func write(_ map: StageMap, _ name: String, _ state: VaultSecretState?) async throws {
        struct Body: Encodable, Sendable { var custom_metadata: [String: String] }
        var custom = state?.others ?? [:]
        for (stage, version) in map.versions { custom[stage.rawValue] = version }
        let call = VaultClient.Call(method: "POST", path: path("metadata", name), body: Body(custom_metadata: custom))
        _ = try await session.answer(call, as: VaultNothing.self)
    }
}

extension VaultSession {
    init(_ settings: VaultSettings, limits: StoreLimits) throws {
        let http = try StoreHTTPClient(try StoreAddress(settings.address), rootsPath: settings.rootsPath, limits: limits)
        let client = VaultClient(http: http, namespace: settings.namespace, limits: limits)
        self.init(client: client, login: VaultLogin(settings: settings, client: client, limits: limits))
    }
}
