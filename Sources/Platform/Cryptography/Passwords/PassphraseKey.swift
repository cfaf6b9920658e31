public import Crypto

/// A key out of what a person can remember, by Argon2id (RFC 9106).
public enum PassphraseKey {
    public enum Failure: Error, Equatable {
        /// Parameters below RFC 9106's minimum or beyond what one run may cost, or a salt that is not 16 to 64 bytes long.
        case unusableParameters
        /// libargon2 refused: out of memory, most likely.
        case notComputed
        /// Too many runs wait already.
        case busy
    }

    /// RFC 9106 section 4, the second recommended choice but for its lanes: 64 MiB, three passes.
    public static let recommended = PasswordHashParameters(memoryKiB: 65536, passes: 3, lanes: 1)
    public static let saltSize = 16
    public static let maximumSaltSize = 64
    private static let workers = BoundedWorkers(label: "cryptopulse.passphrase", width: 1, queueLimit: 16)

    /// - Parameter passphrase: wiped afterwards, unless the caller keeps a copy of the array.
    /// - Returns: 256 bits.
    /// - Throws: `Failure`, `CancellationError`.
    public static func derive(
        from passphrase: consuming [UInt8], salt: [UInt8], _ parameters: PasswordHashParameters = recommended
    ) async throws -> SymmetricKey {
        guard parameters.isAffordable, (saltSize...maximumSaltSize).contains(salt.count) else { throw Failure.unusableParameters }
        let input = Argon2id.Input(password: passphrase, salt: salt)
        do {
            return try await workers.run { SymmetricKey(data: try Argon2id.hash(input, parameters, length: 32)) }
        } catch is Argon2id.Failure {
            throw Failure.notComputed
        } catch PasswordHasher.Failure.busy {
            throw Failure.busy
        }
    }

    /// The same at once, on a thread that may block.
    ///
    /// - Throws: `Failure`.
    public static func deriveBlocking(
        from passphrase: consuming [UInt8], salt: [UInt8], _ parameters: PasswordHashParameters = recommended
    ) throws(Failure) -> SymmetricKey {
        guard parameters.isAffordable, (saltSize...maximumSaltSize).contains(salt.count) else { throw .unusableParameters }
        do {
            return SymmetricKey(data: try Argon2id.hash(Argon2id.Input(password: passphrase, salt: salt), parameters, length: 32))
        } catch {
            throw .notComputed
        }
    }
}
