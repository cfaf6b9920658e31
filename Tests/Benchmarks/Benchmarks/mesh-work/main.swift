import Foundation
import MeshBench

// mesh-work PART COUNT [--waste]: no option parser and no async main, both of which would be counted too, or start threads.

func fail(_ text: String) -> Never {
    FileHandle.standardError.write(Data((text + "\n").utf8))
    exit(64)
}

let arguments = CommandLine.arguments
let parts = Workload.allCases.map(\.rawValue).joined(separator: "|")
guard (3...4).contains(arguments.count), let workload = Workload(rawValue: arguments[1]), let count = Int(arguments[2]),
    (0...100_000_000).contains(count), arguments.count == 3 || arguments[3] == "--waste"
else { fail("usage: mesh-work \(parts) COUNT [--waste], COUNT up to 100000000") }

do {
    var result = try workload.run(count: count)
    if arguments.count == 4 {
        // What a check of the counts has to notice: one more allocation each time.
        for number in 0..<count { result &+= [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 64).count }
    }
    print(result)
} catch {
    fail("mesh-work: \(error)")
}
