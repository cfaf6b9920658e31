internal import KeyManagement
internal import Logging
internal import ServiceKit

/// A language model with the life of its key: what an operator puts into the agent's secret store is taken up, what is revoked is sent no more.
struct LanguageModel: Sendable {
    /// Seconds for which the key before stays known, so that a new one that turns out wrong can be taken back.
    static let usualOverlap: Int64 = 3600

    let model: ChatCompletionsModel
    let keyring: StoredKeyring

    static func plan(_ schedule: KeySchedule) -> StoredKeyPlan {
        StoredKeyPlan(
            kind: .languageModel, secret: ModelKey.storedName, lead: 0, overlap: schedule.overlapSeconds ?? usualOverlap, isOptional: true,
            identify: { StoredKey.fingerprint(of: try ModelKey.Value(id: "", checking: $0).bytes) }, make: nil)
    }

    /// Reads the key for the first time; there may be none yet.
    ///
    /// - Throws: `StartUpError.settings`; secret and storage errors.
    init(_ options: ModelOptions, schedule: KeySchedule, in place: KeyringPlace, logger: Logger) async throws {
        let key = ModelKey(), address = try Self.address(options)
        let trial = ModelKeyTrial(address, rootsPath: options.rootsPath)
        let keyring = StoredKeyring(Self.plan(schedule), in: place) { held in
            let usable = Set(held.keys.lazy.filter { $0.state != .pending }.map(\.id))
            let next = try held.keys.first { $0.state == .active }.map { try ModelKey.Value(id: $0.id, checking: $0.value) }
            // Without one that serves there is nothing to lose.
            if let next, let before = key.current?.id, before != next.id, usable.contains(before) { try await trial.run(next) }
            key.take(next, usable: usable)
        }
        try await keyring.start()
        if key.current == nil { logger.warning("no model key is usable", metadata: ["secret": "\(ModelKey.storedName)"]) }
        let newer = NewerKey()
        self.keyring = keyring
        model = ChatCompletionsModel(address, name: options.name, rootsPath: options.rootsPath, key: key) { refused in
            guard key.current?.id == refused else { return }
            await newer.look {
                logger.warning("the model's server refuses our key: looking for a newer one", metadata: ["key": "\(refused)"])
                do {
                    try await keyring.lookAgain()
                } catch {
                    logger.error("no newer model key can be looked for", metadata: ["why": "\(error)"])
                }
            }
        }
    }

    private static func address(_ options: ModelOptions) throws -> ModelAddress {
        do {
            return try options.address()
        } catch {
            throw StartUpError.settings("options.model.baseURL or name: \(error.why)")
        }
    }
}

/// Asks for a newer key once for all who are refused at the same time, and not again for a while: a store is not asked as often as a key
/// is refused.
private actor NewerKey {
    static let interval = Duration.seconds(1)

    private var asking: Task<Void, Never>?
    private var last: ContinuousClock.Instant?

    func look(_ body: @escaping @Sendable () async -> Void) async {
        if let asking { return await asking.value }
        if let last, .now - last < Self.interval { return }
        let task = Task { await body() }
        (asking, last) = (task, .now)
        await task.value
        asking = nil
    }
}
