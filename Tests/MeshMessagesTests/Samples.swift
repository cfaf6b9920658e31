import MeshMessages

/// Messages with something in every field.
enum Samples {
    static let scalars = SampleV1.Scalars(
        doubleValue: -1.5, floatValue: 0.25, int32Value: .min, int64Value: .min, uint32Value: .max, uint64Value: .max, sint32Value: -77,
        sint64Value: .min, fixed32Value: .max, fixed64Value: 1 << 63, sfixed32Value: -1, sfixed64Value: .min, boolValue: true,
        stringValue: "Grüße, 世界 🪙", bytesValue: [0, 1, 0xff, 0], colour: .darkBlue, temperature: .cold, leaf: SampleV1.Leaf(name: "leaf"))

    static let lists = SampleV1.Lists(
        doubleValues: [0, -2.5], floatValues: [0.5, 0], int32Values: [0, -1, .max], int64Values: [.min, 0], uint32Values: [300],
        uint64Values: [.max, 1], sint32Values: [-1, 1], sint64Values: [.min, .max], fixed32Values: [1, 2], fixed64Values: [.max],
        sfixed32Values: [-3], sfixed64Values: [-4, 4], boolValues: [true, false, true], stringValues: ["", "a", "ß"],
        bytesValues: [[], [0], [1, 2]], colours: [.red, .unspecified, .unrecognized(99)], temperatures: [.cold, .unrecognized(-9)],
        leaves: [SampleV1.Leaf(), SampleV1.Leaf(name: "x")], unpackedValues: [7, -7])

    static let choices: [SampleV1.Choice] = [
        SampleV1.Choice(before: "b", value: .text("")), SampleV1.Choice(value: .text("text")), SampleV1.Choice(value: .data([])),
        SampleV1.Choice(value: .data([0, 9])), SampleV1.Choice(value: .leaf(SampleV1.Leaf())),
        SampleV1.Choice(value: .leaf(SampleV1.Leaf(name: "l")), second: .otherLeaf(SampleV1.Leaf(name: "o"))),
        SampleV1.Choice(value: .colour(.unspecified)), SampleV1.Choice(value: .temperature(.cold), second: .small(0)),
        SampleV1.Choice(value: .number(-1)), SampleV1.Choice(value: .flag(false)), SampleV1.Choice(value: .real(0)), SampleV1.Choice(),
    ]

    static let reserved = SampleV1.TypeMessage(
        initField: "i", class: "c", in: -1, packedField: [1], protocol: .init(selfField: "s"), switch: [.selfValue, .default],
        message: "m", memory: "mem", arena: "a", unpacked: "u", value: "v", item: ["x", "y"], _private: "p", default: .true(true))

    static let request = MeshV1.Request(
        service: "cryptopulse.auth.v1.Auth", method: "SignIn", payload: [UInt8](0...255), timeoutNano: -1,
        metadata: [.init(key: "authorization", value: "Bearer x"), .init(key: "k", value: "")])

    static let status = MeshV1.Status(code: 16, message: "no", details: [.init(typeUrl: "mesh/mesh.v1.ErrorInfo", value: [1, 2, 3])])

    static func tree(depth: Int) -> SampleV1.Tree {
        (1..<depth).reduce(SampleV1.Tree(name: "leaf")) { child, level in SampleV1.Tree(name: "\(level)", children: [child]) }
    }
}
