internal import Crypto
internal import Synchronization

/// Hashes and checks passwords with Argon2id, away from event loops and the concurrency pool, a bounded number at a time.
public final class PasswordHasher: Sendable {
    public enum Failure: Error, Equatable {
        /// Too many hashes wait already. Callers answer RESOURCE_EXHAUSTED.
        case busy
        /// A stored hash that is not an affordable Argon2id PHC string.
        case malformedHash
        /// libargon2 refused: out of memory, most likely.
        case notComputed
    }

    private let parameters: PasswordHashParameters
    private let pepper: KeySource?
    private let workers: BoundedWorkers
    private let completed = Atomic<Int>(0)

    /// - Parameters:
    ///   - pepper: mixed into every hash (RFC 9106's secret value K); without it a stolen database cannot be attacked.
    ///   - width: hashes computed at once; each holds `parameters.memoryKiB`.
    ///   - queueLimit: hashes that may wait for their turn.
    public init(
        parameters: PasswordHashParameters = .recommended, pepper: KeySource? = nil, width: Int = 2, queueLimit: Int = 32
    ) {
        self.parameters = parameters
        self.pepper = pepper
        workers = BoundedWorkers(label: "cryptopulse.password-hashing", width: width, queueLimit: queueLimit)
    }

    /// How many Argon2id runs have been completed: equal work for equal answers can be counted instead of timed.
    public var runs: Int { completed.load(ordering: .relaxed) }

    /// - Returns: a PHC string with a fresh salt.
    /// - Throws: `Failure`, `CancellationError`; what the pepper's holder says.
    public func hash(_ password: String) async throws -> String {
        let salt = SecureRandom.bytes(PasswordHash.saltSize)
        let output = try await compute(password, salt: salt, parameters, length: PasswordHash.outputSize)
        return PasswordHash(parameters: parameters, salt: salt, output: output).encoded
    }

    /// - Parameter stored: what `hash` gave.
    /// - Throws: `Failure`, `CancellationError`.
    public func verify(_ password: String, against stored: String) async throws -> Bool {
        guard let expected = PasswordHash(encoded: stored) else { throw Failure.malformedHash }
        let output = try await compute(password, salt: expected.salt, expected.parameters, length: expected.output.count)
        return Hashing.equalInConstantTime(output, expected.output)
    }

    /// Does the work of `verify` for an account that does not exist, so that its absence doesn't show in the time taken.
    public func verifyAgainstNothing(_ password: String) async throws {
        _ = try await compute(
            password, salt: SecureRandom.bytes(PasswordHash.saltSize), parameters, length: PasswordHash.outputSize)
    }

    /// Whether a stored hash was made with other parameters than today's.
    public func needsRehash(_ stored: String) -> Bool {
        PasswordHash(encoded: stored)?.parameters != parameters
    }

    private func compute(
        _ password: String, salt: [UInt8], _ parameters: PasswordHashParameters, length: Int
    ) async throws -> [UInt8] {
        let secret = try pepper?.key().withUnsafeBytes { Array($0) } ?? []
        let input = Argon2id.Input(password: Array(password.utf8), salt: salt, secret: secret)
        return try await workers.run { [self] in
            defer { completed.add(1, ordering: .relaxed) }
            do {
                return try Argon2id.hash(input, parameters, length: length)
            } catch {
                throw Failure.notComputed
            }
        }
    }
}
