import Testing

@testable import SandboxExchange

@Suite("Limits")
struct MeterTests {
    @Test("Weight is counted by address and minute; over the limit comes 429, and who goes on is banned with 418")
    func weight() throws {
        var meter = WeightMeter(limits: .init(weightPerMinute: 100, refusalsBeforeBan: 2, banSeconds: 120))
        let start: Int64 = 60_000_000
        #expect(try meter.charge(60, address: "a", now: start) == 60)
        #expect(try meter.charge(60, address: "b", now: start) == 60)
        for _ in 0..<2 {
            let refusal = #expect(throws: ExchangeFault.self) { _ = try meter.charge(60, address: "a", now: start + 15_000) }
            #expect(refusal?.status == 429 && refusal?.code == -1003 && refusal?.retryAfter == 45)
        }
        let ban = #expect(throws: ExchangeFault.self) { _ = try meter.charge(1, address: "a", now: start + 15_000) }
        #expect(ban?.status == 418 && ban?.retryAfter == 120)
        #expect(throws: ExchangeFault.self) { _ = try meter.charge(1, address: "a", now: start + 134_999) }
        #expect(try meter.charge(1, address: "a", now: start + 135_000) == 1)
    }

    @Test("Orders are counted by account; one that filled at once is given back")
    func orders() throws {
        var meter = OrderMeter(limits: .init(perTenSeconds: 2, perDay: 3))
        #expect(try meter.charge(1, now: 0) == .init(tenSeconds: 1, day: 1))
        #expect(meter.refund(1, now: 0) == .init(tenSeconds: 0, day: 0))
        _ = try meter.charge(1, now: 0)
        _ = try meter.charge(1, now: 1)
        let refusal = #expect(throws: ExchangeFault.self) { _ = try meter.charge(1, now: 2) }
        #expect(refusal?.status == 429 && refusal?.code == -1015)
        #expect(try meter.charge(1, now: 10_000) == .init(tenSeconds: 1, day: 3))
        #expect(throws: ExchangeFault.self) { _ = try meter.charge(1, now: 20_000) }
        #expect(try meter.charge(2, now: 20_000) == .init(tenSeconds: 1, day: 1))
    }
}
