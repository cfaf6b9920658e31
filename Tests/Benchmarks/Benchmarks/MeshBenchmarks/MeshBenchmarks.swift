import Benchmark
import MeshBench

/// Each part of the mesh, timed. What must not grow is counted instead: `Tests/Benchmarks/count`.
let benchmarks: @Sendable () -> Void = {
    for workload in Workload.allCases {
        // One iteration does a thousand: the scale is the figure of one.
        let configuration = Benchmark.Configuration(
            metrics: [.wallClock, .cpuUser, .throughput], scalingFactor: .kilo, maxDuration: .seconds(2), maxIterations: 100_000)
        Benchmark(workload.rawValue, configuration: configuration) { benchmark in
            blackHole(try workload.run(count: benchmark.scaledIterations.count))
        }
    }
}
