internal import Synchronization

/// Counts the good answers of one address. A call that is answered touches nothing else of the pool's state.
final class AnswerCounter: Sendable {
    private let answers = Atomic<Int>(0)

    @inline(__always)
    func add() {
        answers.wrappingAdd(1, ordering: .relaxed)
    }

    var value: Int { answers.load(ordering: .relaxed) }
}
