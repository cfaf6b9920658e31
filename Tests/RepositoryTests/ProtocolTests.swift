import Testing

@Suite("PROTOCOL.md is true")
struct ProtocolTests {
    /// The reasons that the mesh's code gives.
    private static func reasons(in file: SourceFile) -> [String] {
        let patterns = [#/[Rr]eason(?::|\ =|\ ==)\ [^"]{0,20}"([A-Z]+(?:_[A-Z]+)*)"/#, #/StreamRejection\(\d+,\ "([A-Z_]+)"/#]
        return file.code.flatMap { line in patterns.flatMap { line.text.matches(of: $0).map { String($0.1) } } }
    }

    /// The reasons that its table says there are: what stands in backquotes in a row.
    private static func documented(in text: String) -> Set<String> {
        let table = text.split(separator: "Reasons that the mesh itself gives:\n\n").dropFirst().first?.split(separator: "\n\n").first ?? ""
        return Set(table.matches(of: /`([A-Z_]+)`/).map { String($0.1) })
    }

    @Test("Every reason that the mesh gives stands in its table")
    func reasons() async throws {
        let documented = Self.documented(in: try Repository.here.text("proto/PROTOCOL.md"))
        let given = Set(try await Repository.here.sources(below: "Sources/Mesh").flatMap(Self.reasons))
        for one in ["CALL_ENDED", "QUEUE_FULL", "PEER_REFUSED", "OVERLOADED", "CONNECTION_LOST"] { #expect(given.contains(one), "\(one) is overlooked") }
        #expect(given.subtracting(documented).sorted() == [])
    }

    @Test("A reason that does not stand there is found")
    func missingReasonIsFound() {
        let file = SourceFile(path: "Sources/Mesh/MeshCall/Canary.swift", text: #"throw RPCError(.aborted, "No.", reason: "NEW_REASON")"#)
        let documented = Self.documented(in: "Two details.\n\nReasons that the mesh itself gives:\n\n| ABORTED | `OLD_REASON` |\n\n`NEW_REASON`")
        #expect(Self.reasons(in: file) == ["NEW_REASON"] && documented == ["OLD_REASON"])
    }
}
