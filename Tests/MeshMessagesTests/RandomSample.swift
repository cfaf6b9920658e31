import MeshMessages

/// Messages with random content, edges of every type among it.
enum RandomSample {
    static func scalars(_ random: inout SplitMix64) -> SampleV1.Scalars {
        SampleV1.Scalars(
            doubleValue: double(&random), floatValue: float(&random), int32Value: integer(&random), int64Value: integer(&random),
            uint32Value: integer(&random), uint64Value: integer(&random), sint32Value: integer(&random), sint64Value: integer(&random),
            fixed32Value: integer(&random), fixed64Value: integer(&random), sfixed32Value: integer(&random), sfixed64Value: integer(&random),
            boolValue: .random(using: &random), stringValue: text(&random), bytesValue: bytes(&random), colour: colour(&random),
            temperature: SampleV1.Temperature(rawValue: [-5, 0, 4, 17, -17].randomElement(using: &random) ?? 0),
            leaf: Bool.random(using: &random) ? SampleV1.Leaf(name: text(&random)) : nil)
    }

    static func lists(_ random: inout SplitMix64) -> SampleV1.Lists {
        SampleV1.Lists(
            doubleValues: list(&random, double), floatValues: list(&random, float), int32Values: list(&random, integer),
            int64Values: list(&random, integer), uint32Values: list(&random, integer), uint64Values: list(&random, integer),
            sint32Values: list(&random, integer), sint64Values: list(&random, integer), fixed32Values: list(&random, integer),
            fixed64Values: list(&random, integer), sfixed32Values: list(&random, integer), sfixed64Values: list(&random, integer),
            boolValues: list(&random) { Bool.random(using: &$0) }, stringValues: list(&random, text), bytesValues: list(&random, bytes),
            colours: list(&random, colour), leaves: list(&random) { SampleV1.Leaf(name: text(&$0)) }, unpackedValues: list(&random, integer))
    }

    static func choice(_ random: inout SplitMix64) -> SampleV1.Choice {
        let values: [SampleV1.Choice.Value?] = [
            nil, .text(text(&random)), .data(bytes(&random)), .leaf(SampleV1.Leaf(name: text(&random))), .colour(colour(&random)),
            .number(integer(&random)), .flag(.random(using: &random)), .real(double(&random)),
        ]
        return SampleV1.Choice(before: text(&random), value: values.randomElement(using: &random) ?? nil, second: .small(integer(&random)))
    }

    private static func list<Element>(_ random: inout SplitMix64, _ make: (inout SplitMix64) -> Element) -> [Element] {
        (0..<Int.random(in: 0...3, using: &random)).map { _ in make(&random) }
    }

    /// Small, huge, and the ends of the range.
    private static func integer<Value: FixedWidthInteger>(_ random: inout SplitMix64) -> Value {
        switch Int.random(in: 0..<6, using: &random) {
        case 0: .min
        case 1: .max
        case 2: 0
        case 3: Value(truncatingIfNeeded: Int.random(in: -200...200, using: &random))
        default: Value(truncatingIfNeeded: random.next() >> UInt64.random(in: 0..<64, using: &random))
        }
    }

    /// Any bits but those of NaN, whose payload nobody keeps, and of -0, which protobuf-c packs as 0.
    private static func double(_ random: inout SplitMix64) -> Double {
        let edges: [Double] = [0, 1, -1.5, .infinity, -.infinity, .greatestFiniteMagnitude, .leastNonzeroMagnitude, 0.1, 1e16, 123_456_789]
        let value = Bool.random(using: &random) ? edges.randomElement(using: &random) ?? 0 : Double(bitPattern: random.next())
        return value.isNaN || value == 0 ? 0 : value
    }

    /// The largest is left out: Python 3.21 refuses it as it writes it itself, with eight digits.
    private static func float(_ random: inout SplitMix64) -> Float {
        let edges: [Float] = [0, 1, -1.5, .infinity, -.infinity, .leastNormalMagnitude, .leastNonzeroMagnitude, 0.1, 16_777_216]
        let value = Bool.random(using: &random) ? edges.randomElement(using: &random) ?? 0 : Float(bitPattern: UInt32(truncatingIfNeeded: random.next()))
        return value.isNaN || value == 0 ? 0 : value
    }

    private static func text(_ random: inout SplitMix64) -> String {
        let pieces = ["", "a", "\"", "\\", "/", "\n", "\u{1}", "\u{1f}", "\u{7f}", "é", "ß", "\u{2028}", "世", "🪙", "\u{10ffff}", "\u{fffd}", "e\u{301}"]
        return list(&random) { pieces.randomElement(using: &$0) ?? "" }.joined()
    }

    private static func bytes(_ random: inout SplitMix64) -> [UInt8] {
        (0..<Int.random(in: 0...5, using: &random)).map { _ in .random(in: 0...255, using: &random) }
    }

    private static func colour(_ random: inout SplitMix64) -> SampleV1.Colour {
        SampleV1.Colour(rawValue: [0, 1, 2, 3, -1, .max].randomElement(using: &random) ?? 0)
    }
}
