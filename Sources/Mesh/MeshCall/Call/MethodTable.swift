/// The methods of a server, found by the bytes of their names: open addressing over an FNV-1a hash.
struct MethodTable: Sendable {
    private var slots: [MethodImplementation?]
    private let mask: Int

    /// Of two methods with one name the first stands.
    init(_ services: [ServiceDefinition]) {
        let methods = services.flatMap(\.methods)
        var capacity = 16
        while capacity < methods.count * 2 { capacity *= 2 }
        slots = Array(repeating: nil, count: capacity)
        mask = capacity - 1
        for method in methods { insert(method) }
    }

    private mutating func insert(_ method: MethodImplementation) {
        var index = Self.hash(method.descriptor.service, method.descriptor.name) & mask
        while let other = slots[index] {
            if other.descriptor.service == method.descriptor.service, other.descriptor.name == method.descriptor.name { return }
            index = (index + 1) & mask
        }
        slots[index] = method
    }

    func method(_ service: String, _ name: String) -> MethodImplementation? {
        var index = Self.hash(service, name) & mask
        while let method = slots[index] {
            if method.descriptor.name == name, method.descriptor.service == service { return method }
            index = (index + 1) & mask
        }
        return nil
    }

    private static func hash(_ service: String, _ name: String) -> Int {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in service.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        hash = (hash ^ 0x2f) &* 0x100_0000_01b3
        for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return Int(truncatingIfNeeded: hash ^ hash >> 32) & .max
    }
}
