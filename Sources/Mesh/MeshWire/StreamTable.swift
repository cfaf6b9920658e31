/// Values by stream id: open addressing in one piece of memory.
///
/// The ids of one connection are odd and nearly consecutive. A look-up is most often one comparison even when they are slots by
/// themselves, but they would stand in one long row, and taking one out looks through all behind it: so they are scattered.
/// A peer chooses its ids, but only increasing ones, and how many it has open is bounded by the settings.
@usableFromInline
package struct StreamTable<Value> {
    @usableFromInline
    struct Slot {
        /// 0 marks a free slot: stream 0 is the connection, no stream.
        @usableFromInline var id: UInt32
        @usableFromInline var value: Value?

        @inlinable init(_ id: UInt32, _ value: consuming Value?) {
            self.id = id
            self.value = value
        }
    }

    @usableFromInline var slots: [Slot]
    @usableFromInline package internal(set) var count = 0

    @inlinable static var smallestCapacity: Int { 8 }

    @inlinable package init() {
        slots = []
    }

    @inlinable package var isEmpty: Bool { count == 0 }

    @inlinable var mask: Int { slots.count - 1 }

    @inlinable func home(_ id: UInt32) -> Int {
        // Fibonacci hashing (Knuth, volume 3, 6.4).
        Int(truncatingIfNeeded: (UInt64(id >> 1) &* 0x9E37_79B9_7F4A_7C15) >> 32) & mask
    }

    @inlinable func slot(of id: UInt32) -> Int? {
        // 0 would find a free slot.
        guard count > 0, id != 0 else { return nil }
        var slot = home(id)
        while slots[slot].id != id {
            guard slots[slot].id != 0 else { return nil }
            slot = (slot + 1) & mask
        }
        return slot
    }

    @inlinable package func contains(_ id: UInt32) -> Bool { slot(of: id) != nil }

    @inlinable package subscript(id: UInt32) -> Value? {
        get { slot(of: id).flatMap { slots[$0].value } }
        _modify {
            if let slot = slot(of: id) {
                defer { if slots[slot].value == nil { free(slot) } }
                yield &slots[slot].value
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
        return slots[slot].value == nil ? nil : body(&slots[slot].value!)
    }

    @inlinable package mutating func removeValue(forKey id: UInt32) -> Value? {
        guard let slot = slot(of: id) else { return nil }
        let value = slots[slot].value.take()
        free(slot)
        return value
    }

    @inlinable mutating func insert(_ value: consuming Value, _ id: UInt32) {
        precondition(id != 0, "stream 0 is the connection")
        if (count + 1) * 2 > slots.count { grow() }
        place(value, id)
        count += 1
    }

    @inlinable mutating func place(_ value: consuming Value?, _ id: UInt32) {
        var slot = home(id)
        while slots[slot].id != 0 { slot = (slot + 1) & mask }
        slots[slot] = Slot(id, value)
    }

    @inlinable mutating func grow() {
        let old = slots
        slots = Array(repeating: Slot(0, nil), count: max(Self.smallestCapacity, old.count * 2))
        for slot in old where slot.id != 0 { place(slot.value, slot.id) }
    }

    /// Closes the gap: what follows moves up, unless it stands at or behind its home (Knuth, volume 3, 6.4, algorithm R).
    @inlinable mutating func free(_ freed: Int) {
        count -= 1
        var gap = freed
        var slot = (freed + 1) & mask
        while slots[slot].id != 0 {
            let distance = (slot &- home(slots[slot].id)) & mask
            if distance >= (slot &- gap) & mask {
                // The gap holds no value any more: nothing is copied.
                slots[gap] = Slot(slots[slot].id, slots[slot].value.take())
                gap = slot
            }
            slot = (slot + 1) & mask
        }
        slots[gap].id = 0
    }

    /// Open streams, in increasing order.
    @inlinable package var sortedIDs: [UInt32] { slots.map(\.id).filter { $0 != 0 }.sorted() }

    @inlinable package var values: [Value] { slots.compactMap(\.value) }

    @inlinable package mutating func removeAll() {
        self = StreamTable()
    }
}

extension StreamTable: Sendable where Value: Sendable {}
extension StreamTable.Slot: Sendable where Value: Sendable {}
