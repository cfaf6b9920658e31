internal import Glibc

/// The methods of a server, found by the bytes of their names: open addressing over a hash of a few of them.
struct MethodTable: Sendable {
    /// An object, so that finding a method counts one reference.
    final class Entry: Sendable {
        private let service: [UInt8]
        private let name: [UInt8]
        let implementation: MethodImplementation
        /// Nil where every call is let in.
        private let gate: AdmissionGate?
        /// Without a count of its own for whoever goes through it.
        private let unmanagedGate: Unmanaged<AdmissionGate>?

        init(_ implementation: MethodImplementation, gate: AdmissionGate? = nil) {
            self.gate = gate
            unmanagedGate = gate.map(Unmanaged.passUnretained)
            service = Array(implementation.descriptor.service.utf8)
            name = Array(implementation.descriptor.name.utf8)
            self.implementation = implementation
        }

        func has(_ service: UnsafeRawBufferPointer, _ name: UnsafeRawBufferPointer) -> Bool {
            equal(self.name, name) && equal(self.service, service)
        }

        /// Goes through the gate, where there is one.
        func atGate<Output>(_ body: (AdmissionGate) -> Output) -> Output? { unmanagedGate?._withUnsafeGuaranteedRef(body) }

        private func equal(_ bytes: [UInt8], _ other: UnsafeRawBufferPointer) -> Bool {
            guard bytes.count == other.count, let mine = bytes.first, let theirs = other.baseAddress else { return bytes.count == other.count }
            return mine == other[0] && memcmp(bytes, theirs, bytes.count) == 0
        }
    }

    private var entries: [Entry] = []
    /// To look one up counts no reference: `entries` has them.
    private var slots: [Unmanaged<Entry>?]
    private let mask: Int

    /// Of two methods with one name the first stands.
    ///
    /// - Parameter admission: gets a gate for each method; nil lets every call in.
    init(_ services: [ServiceDefinition], admission: AdmissionController? = nil) {
        let methods = services.flatMap(\.methods)
        var capacity = 16
        while capacity < methods.count * 2 { capacity *= 2 }
        slots = Array(repeating: nil, count: capacity)
        mask = capacity - 1
        for method in methods { insert(method, admission?.gate(for: method.descriptor)) }
    }

    private mutating func insert(_ method: MethodImplementation, _ gate: AdmissionGate?) {
        let service = Array(method.descriptor.service.utf8), name = Array(method.descriptor.name.utf8)
        service.withUnsafeBytes { service in
            name.withUnsafeBytes { name in
                var index = Self.hash(service, name) & mask
                while let other = slots[index] {
                    if other.takeUnretainedValue().has(service, name) { return }
                    index = (index + 1) & mask
                }
                let entry = Entry(method, gate: gate)
                entries.append(entry)
                slots[index] = .passUnretained(entry)
            }
        }
    }

    /// - Returns: one that lives as long as the table.
    func method(_ service: UnsafeRawBufferPointer, _ name: UnsafeRawBufferPointer) -> Unmanaged<Entry>? {
        var index = Self.hash(service, name) & mask
        while let entry = slots[index] {
            if entry._withUnsafeGuaranteedRef({ $0.has(service, name) }) { return entry }
            index = (index + 1) & mask
        }
        return nil
    }

    /// FNV-1a over the lengths and the method's name: services on one server rarely have methods of one name. The table is made of
    /// this side's names only, so a caller cannot make it slow.
    private static func hash(_ service: UnsafeRawBufferPointer, _ name: UnsafeRawBufferPointer) -> Int {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325 ^ UInt64(truncatingIfNeeded: service.count)
        for byte in name { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return Int(truncatingIfNeeded: hash ^ hash >> 32) & .max
    }
}
