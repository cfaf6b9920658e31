import Foundation
import Testing

/// What the fuzzers found worth keeping, in each test run: their rules hold of it, and who changes what they fuzz sees them compile.
@Suite("Kept inputs of the fuzzers")
struct KeptInputsTests {
    private static let corpus = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Fuzz/Corpus").standardizedFileURL

    static let targets = FuzzTarget.allCases.filter { $0 != .canary }

    @Test("break no rule", arguments: targets)
    func kept(target: FuzzTarget) async throws {
        #expect(try Self.inputs(of: target).isEmpty == false)
        await #expect(processExitsWith: .success) { [target] in
            try KeptInputsTests.run(target, kept: target)
        }
    }

    @Test("break the rule of a connection that loses credit and no other's, so that silence means something")
    func canary() async throws {
        await #expect(processExitsWith: .signal(SIGABRT)) { try KeptInputsTests.run(.canary, kept: .canary) }
        await #expect(processExitsWith: .success) { try KeptInputsTests.run(.connections, kept: .canary) }
    }

    static func run(_ target: FuzzTarget, kept: FuzzTarget) throws {
        for input in try inputs(of: kept) { input.withUnsafeBytes(target.run) }
    }

    static func inputs(of target: FuzzTarget) throws -> [Data] {
        let folder = corpus.appending(path: target.rawValue)
        return try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil).map { try Data(contentsOf: $0) }
    }
}
