import NIOHTTP1
import Testing

@testable import ServiceKit

@Suite("The health port")
struct HealthPageTests {
    private func status(_ method: HTTPMethod, _ path: String, unready: String? = nil) async -> HTTPResponseStatus {
        await HealthPage.answer(method, path, unready: { unready }, metrics: { "up 1\n" }).status
    }

    @Test("A live process says so whether or not it is ready")
    func live() async {
        #expect(await status(.GET, "/healthz", unready: "database") == .ok)
    }

    @Test("Readiness says why not")
    func ready() async {
        #expect(await status(.GET, "/readyz") == .ok)
        let page = await HealthPage.answer(.GET, "/readyz", unready: { "database" }, metrics: { "" })
        #expect(page == HealthPage(status: .serviceUnavailable, body: "not ready: database\n"))
    }

    @Test("A process that does not listen yet, or drains, is not ready whatever its service says")
    func draining() async {
        let report = HealthReport(isListening: false) { nil }
        #expect(await report.unreadyReason() == "starting")
        report.startServing()
        #expect(await report.unreadyReason() == nil)
        report.startDraining()
        #expect(await report.unreadyReason() == "draining")
        report.startServing()
        #expect(await report.unreadyReason() == "draining")
    }

    @Test("Other methods and paths are refused")
    func others() async {
        #expect(await status(.POST, "/healthz") == .methodNotAllowed)
        #expect(await status(.GET, "/") == .notFound)
    }
}
