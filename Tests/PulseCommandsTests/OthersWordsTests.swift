import Foundation
import MeshTool
import TestSupport
import Testing

@testable import PulseCommands

@Suite("Others' words on a terminal")
struct OthersWordsTests {
    @Test("Reasons, notes and names that others give stay in their lines")
    func lines() throws {
        let error = GatewayError(status: 400, body: .init(code: "BAD", reason: "X", message: "no\n\u{1b}[32mdone: the order is filled", requestId: "1"))
        #expect("\(error)" == #"BAD (X): no\u000a\u001b[32mdone: the order is filled [request 1]"#)
        let json = #"{"client_order_id":"1","proposal_id":"p","type":"MARKET","price":"","symbol":"BTCUSDT","side":"BUY","state":"FAILED","quantity":"1","executed_quantity":"0","executed_quote":"0","#
            + #""reason":"x\u001b[1A\nstate     FILLED","fills":[],"audit_index":1}"#
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let order = try decoder.decode(OrderAnswer.self, from: Data(json.utf8))
        #expect(OrderText.line(order).hasSuffix(#"  x\u001b[1A\u000astate     FILLED"#))
        #expect(OrderText.block(order).split(separator: "\n").contains { $0 == #"state     FAILED (x\u001b[1A\u000astate     FILLED)"# })
    }

    @Test("All that pulse prints and all its errors are shown so: its own lines, a mesh command's error, an error of the arguments")
    func program() async throws {
        let pulse = try BuiltProgram.named("pulse").path
        let folder = FileManager.default.temporaryDirectory.appending(path: "pulse-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let printed = try await ProgramRun.of(pulse, ["init", "--state", folder.path + "/\u{1b}[2Jstate"])
        #expect(printed.succeeded && printed.text.contains(#"/\u001b[2Jstate"#), "\(printed.text)")
        let unknown = try await ProgramRun.of(pulse, ["mesh", "describe", "\u{9b}31mHealth"])
        #expect(unknown.exitCode == 64 && unknown.errors.contains(#"is called \u009b31mHealth;"#), "\(unknown.text)")
        let wrong = try await ProgramRun.of(pulse, ["status", "\u{1b}[31mred"])
        #expect(wrong.exitCode == 64 && wrong.errors.hasPrefix("Error: ") && wrong.errors.contains(#"\u001b[31mred"#), "\(wrong.text)")
        for run in [printed, unknown, wrong] { #expect(run.text == TerminalText.lines(run.text)) }
        let help = try await ProgramRun.of(pulse, ["help", "mesh"])
        #expect(help.succeeded && help.errors.isEmpty && help.text.contains("pulse mesh"), "\(help.text)")
    }
}
