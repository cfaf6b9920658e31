@testable import SecretStores
import Testing

@Suite("A token's lease")
struct TokenLeaseTests {
    private let start = ContinuousClock.now

    private func step(_ seconds: Int, isRenewable: Bool = true) -> TokenLease.Step {
        TokenLease(issued: start, duration: .seconds(60), isRenewable: isRenewable).step(at: start + .seconds(seconds))
    }

    @Test("It is renewed at two thirds of its life and given up near its end")
    func steps() {
        #expect(step(0) == .use && step(39) == .use)
        #expect(step(41) == .renew && step(53) == .renew)
        #expect(step(55) == .logIn && step(600) == .logIn)
    }

    @Test("What cannot be renewed is used until near its end")
    func notRenewable() {
        #expect(step(41, isRenewable: false) == .use && step(55, isRenewable: false) == .logIn)
    }

    @Test("A token that does not end is used for ever")
    func endless() {
        #expect(TokenLease(issued: start, duration: nil, isRenewable: false).step(at: start + .seconds(1 << 40)) == .use)
    }
}
