internal import Crypto
internal import Exchange
internal import MeshCall
internal import Secrets

/// Makes, uses and destroys the private halves of people's trade keys: in a store that never gives them away, where the settings name
/// one, else here.
struct TradeKeyHolder: Sendable {
    private static let purpose = "trade"

    let environment: String
    /// nil: new keys are made in this process.
    let remote: (any RemoteKeyStore)?

    /// What a new key will be. A remote one is only named, so that the database knows of it before it is there.
    ///
    /// - Throws: `RPCError` for a person whose id no store takes.
    func plan(user: String, id: String) throws -> TradeKeyMaterial {
        guard let remote else { return .local(Curve25519.Signing.PrivateKey()) }
        do {
            let name = try RemoteKeyName(environment: environment, purpose: Self.purpose, user: user, id: id)
            return .remote(store: remote.kind, place: remote.place, name: "\(name)")
        } catch {
            throw Refusal.keyStore(remote.kind, cause: error)
        }
    }

    /// Makes what `plan` named.
    ///
    /// - Returns: the public half.
    /// - Throws: `RPCError` UNAVAILABLE; the key may be there then.
    func make(_ material: TradeKeyMaterial) async throws -> Curve25519.Signing.PublicKey {
        switch material {
        case .local(let key): return key.publicKey
        case .remote(let kind, _, let name):
            do {
                let (store, name) = try store(kind, name)
                return try Curve25519.Signing.PublicKey(rawRepresentation: try await store.make(name).publicKey())
            } catch {
                throw Refusal.keyStore(kind, cause: error)
            }
        }
    }

    /// Whether a key may come into being although `make` has failed.
    static func mayStillCome(after error: any Error) -> Bool {
        ((error as? RPCError)?.cause as? SecretStoreError)?.cause.isTransient ?? false
    }

    /// - Throws: `RPCError` UNAVAILABLE for a key in a store that the settings do not name.
    func signer(_ material: TradeKeyMaterial) throws -> any RequestSigner {
        switch material {
        case .local(let key): return Ed25519RequestSigner(key)
        case .remote(let kind, _, let name):
            do {
                let (store, name) = try store(kind, name)
                return RemoteRequestSigner(place: Self.place(kind), try store.signer(name).signature)
            } catch {
                throw Refusal.keyStore(kind, cause: error)
            }
        }
    }

    /// From the return on nobody signs with a remote key. A local one ends with its row.
    ///
    /// - Throws: `SecretStoreError`, `TradeKeyElsewhere`.
    func destroy(_ material: TradeKeyMaterial) async throws {
        guard case .remote(let kind, let place, let name) = material else { return }
        let (store, remoteName) = try store(kind, name)
        // Only the store that made it can say that it is there no more. The same store by another address is as good while it has it.
        guard try await store.destroy(remoteName) || store.place == place else { throw TradeKeyElsewhere(kind: kind, place: place) }
    }

    /// A store in words for the key's owner.
    static func place(_ kind: String) -> String { "the key store (\(kind))" }

    private func store(_ kind: String, _ name: String) throws -> (any RemoteKeyStore, RemoteKeyName) {
        guard let remote, remote.kind == kind else { throw TradeKeyElsewhere(kind: kind, place: nil) }
        return (remote, try RemoteKeyName(name, in: environment))
    }
}

/// A key lies in a store that this process is not told of.
struct TradeKeyElsewhere: Error, CustomStringConvertible {
    let kind: String
    /// nil where the kind is another already.
    let place: String?
    var description: String { "the key is in a store of the kind \(kind)\(place.map { " (\($0))" } ?? ""), which options.tradeKeys does not name" }
}
