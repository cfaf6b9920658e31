import MeshCall
import ServiceAPI
import Testing

@Suite("Changing the exchange key")
struct KeyChangeTests {
    @Test("An order whose outcome is not known is asked about with the key that sent it, not declared unsent by another account")
    func unknownOrder() async throws {
        let mesh = try TestMesh()
        try await mesh.run { running in
            try await running.linkKey(ann)
            mesh.exchange.set { $0.fault = .silentAfterAccept }
            #expect(try await running.sign(ann, try await running.proposeUsual(ann)).state == .unknown)
            try await running.linkKey(ann, apiKey: "other-key")
            mesh.advance(milliseconds: 60_000)
            mesh.exchange.set { $0.questionsFail = false }
            #expect(try await running.orders(ann).map(\.state) == [.filled])
        }
    }

    @Test("An open order is followed to its end with the key that placed it, over a restart as well; new orders go to the new account")
    func openOrder() async throws {
        let mesh = try TestMesh()
        let order = try await mesh.run { running in
            try await running.linkKey(ann)
            let proposal = try await running.propose(
                ann, saying: "buy 0.01 BTC at 39000", .init(symbol: "BTCUSDT", side: .buy, type: .limit, quantity: "0.01", price: "39000"))
            let order = try await running.sign(ann, proposal)
            try await running.linkKey(ann, apiKey: "other-key")
            return order
        }
        mesh.exchange.set { $0.statuses[order.clientOrderId] = "FILLED" }
        try await mesh.run { running in
            #expect(try await running.orders(ann).map(\.state) == [.filled])
            let next = try await running.sign(ann, try await running.proposeUsual(ann))
            mesh.exchange.set { #expect($0.placedWith[next.clientOrderId] == "other-key") }
        }
    }

    @Test("A key activated twice at once is activated once")
    func activatedOnce() async throws {
        let mesh = try TestMesh()
        try await mesh.run { running in
            let gateway = running.client(as: "gateway"), access = try await running.access(ann)
            let key = try await gateway.createExchangeKey(.init(), options: access)
            let reasons = await withTaskGroup(of: String?.self) { group in
                for apiKey in ["good-key", "other-key"] {
                    group.addTask {
                        await reason { _ = try await gateway.activateExchangeKey(.init(keyId: key.keyId, apiKey: apiKey), options: access) }
                    }
                }
                return await group.reduce(into: [String?]()) { $0.append($1) }
            }
            #expect(reasons.compactMap(\.self) == ["KEY_USED"])
        }
    }
}
