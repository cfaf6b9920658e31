import Testing

@testable import Exchange

@Suite("The exchange's clock")
struct ServerClockTests {
    @Test("Time goes on from the middle of the request that read it")
    func carriesOn() {
        let asked = ContinuousClock.now
        let clock = ServerClock(serverTime: 1_000_000, asked: asked, answered: asked.advanced(by: .milliseconds(200)))
        #expect(clock.time(at: asked.advanced(by: .milliseconds(100))) == 1_000_000)
        #expect(clock.time(at: asked.advanced(by: .seconds(5))) == 1_004_900)
    }

    @Test("A reading is trusted for ten minutes")
    func ages() {
        let asked = ContinuousClock.now
        let clock = ServerClock(serverTime: 0, asked: asked, answered: asked)
        #expect(clock.isFresh(at: asked.advanced(by: .seconds(599))))
        #expect(!clock.isFresh(at: asked.advanced(by: .seconds(600))))
    }
}
