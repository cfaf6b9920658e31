/// The fuzzer's bytes as a sequence of small decisions; zeros once they are used up.
struct Script {
    private var rest: UnsafeRawBufferPointer

    init(_ bytes: UnsafeRawBufferPointer) {
        rest = bytes
    }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func byte() -> UInt8 {
        guard let first = rest.first else { return 0 }
        rest = UnsafeRawBufferPointer(rebasing: rest[1...])
        return first
    }

    mutating func word() -> UInt16 { UInt16(byte()) << 8 | UInt16(byte()) }

    mutating func number(below limit: Int) -> Int { Int(byte()) % limit }

    mutating func choice<Element>(_ elements: [Element]) -> Element { elements[number(below: elements.count)] }

    mutating func take(_ count: Int) -> [UInt8] {
        let taken = rest.prefix(count)
        rest = UnsafeRawBufferPointer(rebasing: rest[taken.count...])
        return [UInt8](taken)
    }

    mutating func remaining() -> [UInt8] { take(rest.count) }
}
