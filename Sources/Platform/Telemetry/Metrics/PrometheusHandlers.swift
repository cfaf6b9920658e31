internal import CoreMetrics

final class PrometheusCounter: CounterHandler, Sendable {
    private let cell: Cell

    init(_ cell: Cell) { self.cell = cell }

    func increment(by amount: Int64) { cell.add(Double(amount)) }
    func reset() { cell.set(0) }
}

final class PrometheusFloatingPointCounter: FloatingPointCounterHandler, Sendable {
    private let cell: Cell

    init(_ cell: Cell) { self.cell = cell }

    func increment(by amount: Double) { cell.add(amount) }
    func reset() { cell.set(0) }
}

final class PrometheusMeter: MeterHandler, Sendable {
    private let cell: Cell

    init(_ cell: Cell) { self.cell = cell }

    func set(_ value: Int64) { cell.set(Double(value)) }
    func set(_ value: Double) { cell.set(value) }
    func increment(by amount: Double) { cell.add(amount) }
    func decrement(by amount: Double) { cell.add(-amount) }
}

final class PrometheusRecorder: RecorderHandler, Sendable {
    private let cell: Cell
    private let aggregates: Bool

    init(_ cell: Cell, aggregates: Bool) {
        self.cell = cell
        self.aggregates = aggregates
    }

    func record(_ value: Int64) { record(Double(value)) }
    func record(_ value: Double) { aggregates ? cell.observe(value) : cell.set(value) }
}

final class PrometheusTimer: TimerHandler, Sendable {
    private let cell: Cell

    init(_ cell: Cell) { self.cell = cell }

    func recordNanoseconds(_ duration: Int64) { cell.observe(Double(duration) / 1_000_000_000) }
}
