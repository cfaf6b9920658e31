/// Values by stream id: open addressing in one piece of memory.
///
/// The ids of one connection are odd and nearly consecutive. A look-up is most often one comparison even when they are slots by
/// themselves, but they would stand in one long row, and taking one out looks through all behind it: so they are scattered.
/// A peer chooses its ids, but only increasing ones, and how many it has open is bounded by the settings.
@usableFromInline
package struct StreamTable<Value> {
    /// 0 marks a free slot: stream 0 is the connection, no stream.
    @usableFromInline var ids: [UInt32]
    @usableFromInline var slots: [Value?]
    @usableFromInline package internal(set) var count = 0

    @inlinable static var smallestCapacity: Int { 8 }

    @inlinable package init() {
        ids = []
        slots = []
    }

    @inlinable package var isEmpty: Bool { count == 0 }

    @inlinable var mask: Int { ids.count - 1 }

    @inlinable func home(_ id: UInt32) -> Int {
        // Fibonacci hashing (Knuth, volume 3, 6.4).
        Int(truncatingIfNeeded: (UInt64(id >> 1) &* 0x9E37_79B9_7F4A_7C15) >> 32) & mask
    }

    @inlinable func slot(of id: UInt32) -> Int? {
        // 0 would find a free slot.
        guard count > 0, id != 0 else { return nil }
        var slot = home(id)
        while ids[slot] != id {
            guard ids[slot] != 0 else { return nil }
            slot = (slot + 1) & mask
        }
        return slot
    }

    @inlinable package func contains(_ id: UInt32) -> Bool { slot(of: id) != nil }

    @inlinable package subscript(id: UInt32) -> Value? {
        get { slot(of: id).flatMap { slots[$0] } }
        _modify {
            if let slot = slot(of: id) {
                defer { if slots[slot] == nil { free(slot) } }
                yield &slots[slot]
            } else {
                var value: Value?
                defer { if let value { insert(value, id) } }
                yield &value
            }
        }
    }

    /// Puts in the value of a stream that has none.
    ///
    /// For every call: an assignment through the subscript may cost an allocation.
    @inlinable package mutating func open(_ id: UInt32, _ value: consuming Value) {
        insert(value, id)
    }

    /// Changes the value of a stream in place; nil when there is none.
    @inline(__always) @inlinable
    package mutating func update<Output>(_ id: UInt32, _ body: (inout Value) -> Output) -> Output? {
        guard let slot = slot(of: id) else { return nil }
        // A slot with an id has a value.
        return slots[slot] == nil ? nil : body(&slots[slot]!)
    }

    @inlinable package mutating func removeValue(forKey id: UInt32) -> Value? {
        guard let slot = slot(of: id) else { return nil }
        let value = slots[slot]
        slots[slot] = nil
        free(slot)
        return value
    }

    @inlinable mutating func insert(_ value: consuming Value, _ id: UInt32) {
        precondition(id != 0, "stream 0 is the connection")
        if (count + 1) * 2 > ids.count { grow() }
        place(value, id)
        count += 1
    }

    @inlinable mutating func place(_ value: consuming Value?, _ id: UInt32) {
        var slot = home(id)
        while ids[slot] != 0 { slot = (slot + 1) & mask }
        ids[slot] = id
        slots[slot] = value
    }

    @inlinable mutating func grow() {
        let old = zip(ids, slots).filter { $0.0 != 0 }
        let capacity = max(Self.smallestCapacity, ids.count * 2)
        ids = Array(repeating: 0, count: capacity)
        slots = Array(repeating: nil, count: capacity)
        for (id, value) in old { place(value, id) }
    }

    /// Closes the gap: what follows moves up, unless it stands at or behind its home (Knuth, volume 3, 6.4, algorithm R).
    @inlinable mutating func free(_ freed: Int) {
        count -= 1
        var gap = freed
        var slot = (freed + 1) & mask
        while ids[slot] != 0 {
            let distance = (slot &- home(ids[slot])) & mask
            if distance >= (slot &- gap) & mask {
                ids[gap] = ids[slot]
                slots.swapAt(gap, slot)
                gap = slot
            }
            slot = (slot + 1) & mask
        }
        ids[gap] = 0
    }

    /// Open streams, in increasing order.
    @inlinable package var sortedIDs: [UInt32] { ids.filter { $0 != 0 }.sorted() }

    @inlinable package var values: [Value] { slots.compactMap { $0 } }

    @inlinable package mutating func removeAll() {
        self = StreamTable()
    }
}

extension StreamTable: Sendable where Value: Sendable {}
