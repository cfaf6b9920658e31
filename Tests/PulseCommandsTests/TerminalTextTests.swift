import Foundation
import TestSupport
import Testing

@testable import PulseCommands

@Suite("Others' words on a terminal")
struct TerminalTextTests {
    private static let hostile = "a\u{1b}[2J\u{7f}\u{85}\u{9b}1A\u{202e}\u{2066}b\nsigned\r"
    private static let escaped = #"a\u001b[2J\u007f\u0085\u009b1A\u202e\u2066b"#

    @Test("What a terminal would obey is shown as JSON escapes it; line breaks too where the text stands in a line of ours")
    func escapes() {
        #expect(TerminalText.line(Self.hostile) == Self.escaped + #"\u000asigned\u000d"#)
        #expect(TerminalText.lines(Self.hostile) == Self.escaped + "\nsigned" + #"\u000d"#)
        for text in ["", "Grüße, 世界 🪙\u{a0}\u{200d}\u{202f}\u{2065}\u{206a}", #"\u001b"#] {
            #expect(TerminalText.line(text) == text && TerminalText.lines(text + "\n") == text + "\n")
        }
        let controls = (0...0x20).map { $0 } + Array(0x7e...0xa0) + Array(0x2029...0x202f) + Array(0x2065...0x206a)
        let shown = controls.compactMap { Unicode.Scalar(UInt32($0)) }.filter { TerminalText.line(String($0)) == String($0) }.map(\.value)
        #expect(shown == [0x20, 0x7e, 0xa0, 0x2029, 0x202f, 0x2065, 0x206a])
    }

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
