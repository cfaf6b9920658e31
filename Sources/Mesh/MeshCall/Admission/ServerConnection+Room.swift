internal import MeshWire

/// What the client makes this side hold beside the Requests of running calls: unfinished messages, and what waits unread where no window bounds it.
/// The state machine counts it; here it is drawn from the server's budget, in steps, so that many connections together have a bound too.
extension ServerConnection {
    /// What a connection may hold without asking, and how much it asks for at once.
    static let roomStep = 16 << 10

    /// Finds room for what a frame may add, before the machine looks at it: where there is none, the machine refuses it.
    func makeRoom(for header: FrameHeader) {
        guard let budget = dispatcher.requests else { return }
        frameIsWhole()
        let missing = machine.heldBytes + header.charge - machine.room
        guard missing > 0 else { return }
        let bytes = Self.steps(missing)
        guard budget.take(bytes, for: scope.peer.spiffeID) else { return }
        changeRoom(by: bytes)
    }

    /// Gives back what the machine no longer needs, but for a step: whose messages come and go does not ask for each of them.
    func giveRoomBack() {
        guard roomTaken > 0 else { return }
        let spare = spareRoom - (machine.heldBytes == 0 ? 0 : Self.roomStep)
        guard spare > 0 else { return }
        changeRoom(by: -spare)
        dispatcher.requests?.giveBack(spare, for: scope.peer.spiffeID)
    }

    /// Of what has been taken, whole steps that are not needed.
    private var spareRoom: Int { roomTaken - Self.steps(max(0, machine.heldBytes - Self.roomStep)) }

    /// The bytes of a Request that came in parts are its call's from now on.
    ///
    /// - Returns: how many of `bytes` have been taken already.
    func handOverRoom(upTo bytes: Int) -> Int {
        guard roomTaken > 0 else { return 0 }
        let spare = max(0, min(spareRoom, bytes))
        changeRoom(by: -spare)
        return spare
    }

    /// A long frame that is not complete is drawn from the budget too, by the memory that it has.
    func countPartialFrame(_ bytes: Int) -> Bool {
        guard let budget = dispatcher.requests else { return true }
        let more = bytes - partialFrameBytes
        guard more <= 0 || budget.take(more, for: scope.peer.spiffeID) else { return false }
        if more < 0 { budget.giveBack(-more, for: scope.peer.spiffeID) }
        partialFrameBytes = bytes
        return true
    }

    /// What is made of a frame is counted from now on, and not the frame that it came in.
    func frameIsWhole() {
        if partialFrameBytes > 0 { _ = countPartialFrame(0) }
    }

    /// The connection is over: nothing that it held is needed, whoever still reads.
    func giveAllRoomBack() {
        frameIsWhole()
        guard roomTaken > 0 else { return }
        dispatcher.requests?.giveBack(roomTaken, for: scope.peer.spiffeID)
        changeRoom(by: -roomTaken)
    }

    private func changeRoom(by bytes: Int) {
        roomTaken += bytes
        machine.room += bytes
    }

    private static func steps(_ bytes: Int) -> Int { (bytes + roomStep - 1) / roomStep * roomStep }
}
