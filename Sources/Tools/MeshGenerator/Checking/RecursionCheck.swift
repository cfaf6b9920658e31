/// A Swift struct can't hold itself: finds messages that do so by a chain of singular fields.
struct RecursionCheck {
    /// The messages of one file that each message holds, by full name.
    private var holds: [String: [String]] = [:]

    init(_ file: ProtoFile) {
        for message in file.messages { add(message) }
    }

    private mutating func add(_ message: ProtoMessage) {
        holds[message.fullName] = message.fields.filter { $0.kind == .message && $0.label != .repeated }.map(\.typeName)
        for nested in message.messages { add(nested) }
    }

    func run() throws(GeneratorError) {
        for name in holds.keys.sorted() where reaches(name, from: name) {
            throw GeneratorError("\(name) holds itself: make one field of the chain repeated")
        }
    }

    private func reaches(_ goal: String, from start: String) -> Bool {
        var seen: Set<String> = []
        var open = holds[start] ?? []
        while let name = open.popLast() {
            if name == goal { return true }
            if seen.insert(name).inserted { open += holds[name] ?? [] }
        }
        return false
    }
}
