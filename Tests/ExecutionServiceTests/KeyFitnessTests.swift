import Exchange
import MeshCall
import ServiceAPI
import Testing

@Suite("Which exchange keys execution takes")
struct KeyFitnessTests {
    /// - Returns: the refusal's reason and message, or nil and what could not be checked.
    private func activate(_ change: @escaping @Sendable (inout sending TestExchange.State) -> Void) async throws -> (reason: String?, text: String) {
        let mesh = try TestMesh()
        mesh.exchange.set(change)
        return try await mesh.run { running in
            let gateway = running.client(as: "gateway"), access = try await running.access(ann)
            let key = try await gateway.createExchangeKey(.init(), options: access)
            do {
                let answer = try await gateway.activateExchangeKey(.init(keyId: key.keyId, apiKey: "good-key"), options: access)
                return (nil, answer.notChecked.joined(separator: "; "))
            } catch let error as RPCError {
                return (error.reason, error.message)
            }
        }
    }

    @Test("A key that can trade, cannot withdraw and is restricted to addresses is taken, with nothing unchecked")
    func fit() async throws {
        let answer = try await activate { _ in }
        #expect(answer.reason == nil && answer.text.isEmpty)
    }

    @Test(
        "Any other is refused with what to change",
        arguments: [
            (KeyRestrictions(isRestrictedToAddresses: true, mayTradeSpot: true, mayWithdraw: true), "withdrawals"),
            (KeyRestrictions(isRestrictedToAddresses: true, mayTradeSpot: true, mayTransfer: true), "transfer"),
            (KeyRestrictions(isRestrictedToAddresses: false, mayTradeSpot: true), "any address"),
            (KeyRestrictions(isRestrictedToAddresses: true, mayTradeSpot: false), "may not trade"),
        ])
    func unfit(_ restrictions: KeyRestrictions, _ word: String) async throws {
        let answer = try await activate { $0.restrictions = restrictions }
        #expect(answer.reason == "EXCHANGE_KEY_UNFIT" && answer.text.contains(word), "\(answer)")
    }

    @Test("Where the exchange does not say, the key is taken and the person is told what could not be checked")
    func unchecked() async throws {
        let answer = try await activate { $0.restrictions = nil }
        #expect(answer.reason == nil && answer.text.contains("withdraw") && answer.text.contains("addresses"), "\(answer)")
    }

    @Test("A refused key is explained: which of key, address and permission it is")
    func explained() async throws {
        let permission = try await activate {
            $0.accountRefusal = -2015
            $0.restrictions = KeyRestrictions(isRestrictedToAddresses: true, mayTradeSpot: false)
        }
        #expect(permission.reason == "EXCHANGE_KEY_REFUSED" && permission.text.contains("spot trading on"), "\(permission)")
        let unknown = try await activate { $0.keys = [] }
        #expect(unknown.reason == "EXCHANGE_KEY_REFUSED" && unknown.text.contains("address list"), "\(unknown)")
        let pair = try await activate { $0.accountRefusal = -1022 }
        #expect(pair.text.contains("another public key"), "\(pair)")
    }
}
