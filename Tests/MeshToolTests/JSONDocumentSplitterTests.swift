import Testing

@testable import MeshTool

@Suite("JSON values one after another")
struct JSONDocumentSplitterTests {
    /// What came of some bytes: the values, and whether one was too long.
    private struct Outcome: Equatable {
        var documents: [String] = []
        var isTooLong = false
    }

    private static func outcome(_ pieces: [[UInt8]], longest: Int = 1000) -> Outcome {
        var (splitter, outcome) = (JSONDocumentSplitter(longest: longest), Outcome())
        func drain(_ splitter: inout JSONDocumentSplitter) {
            do throws(JSONDocumentSplitter.TooLong) {
                while let document = try splitter.next() { outcome.documents.append(String(decoding: document, as: UTF8.self)) }
            } catch {
                outcome.isTooLong = true
            }
        }
        for piece in pieces where !outcome.isTooLong {
            splitter.append(piece)
            drain(&splitter)
        }
        splitter.end()
        if !outcome.isTooLong { drain(&splitter) }
        return outcome
    }

    private static func documents(_ text: String) -> [String] { outcome([Array(text.utf8)]).documents }

    @Test("A line each, several lines each, or nothing between them")
    func separators() {
        #expect(Self.documents("{\"a\":1}\n{}\r\n\r\n{\"b\":[{}]}") == [#"{"a":1}"#, "{}", #"{"b":[{}]}"#])
        #expect(Self.documents("{\n  \"a\": [\n    1\n  ]\n}{\n}\n") == ["{\n  \"a\": [\n    1\n  ]\n}", "{\n}"])
        #expect(Self.documents(#"{}{}[] 1 null"a"true{"b":2}"#) == ["{}", "{}", "[]", "1", "null", "\"a\"", "true", #"{"b":2}"#])
        #expect(Self.documents(" \t\r\n").isEmpty && Self.documents("").isEmpty)
    }

    @Test("Brackets and quotation marks inside strings are letters")
    func strings() {
        let tricky = [#"{"a":"}"}"#, #"{"a":"\""}"#, #"{"a":"\\"}"#, #"{"]\"{":"[\\\""}"#, #""{""#, #"{"é":"🦊}"}"#]
        for separator in ["", "\n", " \r\n\t"] { #expect(Self.documents(tricky.joined(separator: separator)) == tricky) }
    }

    @Test("A value is complete at its last byte", arguments: [#"{"a":{"b":["}"]}}"#, "[[1],[2]]", #""a\"b""#])
    func atOnce(text: String) throws {
        var splitter = JSONDocumentSplitter(longest: 1000)
        for byte in Array(text.utf8).dropLast() {
            splitter.append([byte])
            #expect(try splitter.next() == nil)
        }
        splitter.append(Array(text.utf8).suffix(1))
        #expect(try splitter.next() == Array(text.utf8))
        #expect(try splitter.next() == nil)
    }

    @Test("What is no JSON comes out as well, as soon as that can be known, for its reader to say what is wrong")
    func malformed() throws {
        #expect(Self.documents("{}}{}") == ["{}", "}", "{}"])
        #expect(Self.documents(#"{},{}"#) == ["{}", ",", "{}"])
        #expect(Self.documents("{]{}") == ["{]", "{}"])
        #expect(Self.documents("{}{\"a\":") == ["{}", "{\"a\":"])
        var splitter = JSONDocumentSplitter(longest: 1000)
        splitter.append(Array("{\"a\":\"b}\n".utf8))
        #expect(try splitter.next() == Array("{\"a\":\"b}\n".utf8), "a string without end ends with its line")
    }

    @Test("A value may be as long as the limit and no longer; those before it come out, however the bytes are cut")
    func tooLong() {
        #expect(Self.outcome([Array("[123]{}".utf8)], longest: 5) == Outcome(documents: ["[123]", "{}"]))
        for text in ["{}[1234]", "{} 123456 ", "{}\"12345\"", "{}[[[[[["] {
            let bytes = Array(text.utf8)
            #expect(Self.outcome([bytes], longest: 5) == Outcome(documents: ["{}"], isTooLong: true), "\(text)")
            #expect(Self.outcome(bytes.map { [$0] }, longest: 5) == Outcome(documents: ["{}"], isTooLong: true), "\(text)")
        }
    }

    // MARK: - Any bytes, any cuts

    private static func cut(_ bytes: [UInt8], _ random: inout SplitMix) -> [[UInt8]] {
        var (pieces, rest) = ([[UInt8]](), bytes[...])
        while !rest.isEmpty {
            let piece = rest.prefix(Int.random(in: 1...max(1, rest.count), using: &random))
            pieces.append(Array(piece))
            rest = rest.dropFirst(piece.count)
        }
        return pieces
    }

    @Test("However values and the white space between them are cut, they come out as they were written")
    func wellFormed() {
        var random = SplitMix(state: 8_259)
        for round in 0..<2_000 {
            let values = (0..<Int.random(in: 0...6, using: &random)).map { _ in Self.value(depth: 3, &random) }
            var text = Self.space(&random)
            for value in values { text += value + ("{[\"".contains(value.first ?? "{") ? Self.space(&random) : " ") }
            #expect(Self.outcome(Self.cut(Array(text.utf8), &random), longest: 10_000) == Outcome(documents: values), "round \(round): \(text)")
        }
    }

    @Test("However any bytes are cut, the same comes out; nothing is lost, added or held beyond the limit")
    func anyBytes() {
        var random = SplitMix(state: 7_464)
        let letters = Array("{}[]\"\\, \n\t1a".utf8) + [0, 0x1f, 0x7f, 0xc3, 0xff]
        for round in 0..<5_000 {
            let bytes = (0..<Int.random(in: 0...40, using: &random)).map { _ in letters.randomElement(using: &random) ?? 0 }
            let longest = Int.random(in: 1...40, using: &random)
            var splitter = JSONDocumentSplitter(longest: longest)
            var (found, rest, isTooLong) = ([[UInt8]](), bytes[...], false)
            splitter.append(bytes)
            splitter.end()
            do throws(JSONDocumentSplitter.TooLong) {
                while let document = try splitter.next() { found.append(document) }
            } catch {
                isTooLong = true
            }
            for document in found {
                rest = rest.drop { [0x20, 0x0a, 0x0d, 0x09].contains($0) }
                #expect(document.count <= longest && !document.isEmpty && rest.starts(with: document), "round \(round)")
                rest = rest.dropFirst(document.count)
            }
            #expect(isTooLong || rest.allSatisfy { [0x20, 0x0a, 0x0d, 0x09].contains($0) }, "round \(round)")
            let whole = Outcome(documents: found.map { String(decoding: $0, as: UTF8.self) }, isTooLong: isTooLong)
            #expect(Self.outcome(Self.cut(bytes, &random), longest: longest) == whole, "round \(round)")
        }
    }

    private static func space(_ random: inout SplitMix) -> String {
        (0..<Int.random(in: 0...2, using: &random)).map { _ in [" ", "\n", "\r\n", "\t"].randomElement(using: &random) ?? "" }.joined()
    }

    private static func value(depth: Int, _ random: inout SplitMix) -> String {
        let inside = space(&random)
        switch Int.random(in: 0...(depth > 0 ? 6 : 3), using: &random) {
        case 0: return "\(Int.random(in: -99...99, using: &random))"
        case 1: return ["true", "null", "1e5"].randomElement(using: &random) ?? "true"
        case 2, 3: return "\"" + (0..<3).map { _ in ["{", "}", "]", "\\\"", "\\\\", "é", " "].randomElement(using: &random) ?? "" }.joined() + "\""
        case 4: return "[" + inside + (0..<2).map { _ in value(depth: depth - 1, &random) }.joined(separator: "," + inside) + "]"
        default: return "{" + inside + "\"}\":" + value(depth: depth - 1, &random) + inside + "}"
        }
    }
}

/// Numbers that come the same in every run.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
