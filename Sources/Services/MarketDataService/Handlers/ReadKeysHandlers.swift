import Exchange
import KeyManagement
import MeshCall
import ServiceAPI
import Storage
import Trading

/// `cryptopulse.market_data.v1.ReadKeys`.
struct ReadKeysHandlers: MarketDataV1.ReadKeysHandler {
    let keys: PersonKeys
    let keyring: PersonKeyring

    func createReadKey(_ request: MarketDataV1.CreateReadKeyRequest, context: ServerContext) async throws -> MarketDataV1.CreateReadKeyResponse {
        let key = try await keys.create(for: context)
        return MarketDataV1.CreateReadKeyResponse(keyId: key.id, publicKeyPem: key.publicKeyPEM)
    }

    func activateReadKey(
        _ request: MarketDataV1.ActivateReadKeyRequest, context: ServerContext
    ) async throws -> MarketDataV1.ActivateReadKeyResponse {
        MarketDataV1.ActivateReadKeyResponse(notChecked: try await keys.activate(request.keyId, apiKey: request.apiKey, for: context))
    }

    func revokeReadKeys(_ request: MarketDataV1.RevokeReadKeysRequest, context: ServerContext) async throws -> MarketDataV1.RevokeReadKeysResponse {
        let (user, change) = (try context.user().userID, try KeyChange.byPerson(context, reason: request.reason))
        let ids = try await keyring.database.read(as: user) { try PersonKeyLife.standing(of: user, in: $0) }
        for id in ids { _ = try await keyring.revoke(id, change) }
        return MarketDataV1.RevokeReadKeysResponse(keyIds: ids)
    }

    func getBalances(_ request: MarketDataV1.GetBalancesRequest, context: ServerContext) async throws -> MarketDataV1.Balances {
        let account = try await keys.account(for: context)
        let balances = account.balances.map {
            MarketDataV1.AssetBalance(asset: $0.asset, free: $0.free.description, locked: $0.locked.description)
        }
        return MarketDataV1.Balances(balances: balances.sorted { $0.asset < $1.asset }, timeMs: keys.now())
    }
}
