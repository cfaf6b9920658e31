import Foundation
import MeshBench
import MeshTLS

// mesh-work PART COUNT [--waste-allocations|--waste-instructions]
// mesh-work secured|streamed COUNT FOLDER      with server.pem, server.key, client.pem, client.key and root.pem in it
//
// No option parser and no async main: both would be counted too, or start threads.

func fail(_ text: String) -> Never {
    FileHandle.standardError.write(Data((text + "\n").utf8))
    exit(64)
}

func credentials(_ name: String, in folder: String) -> MeshTLSCredentials {
    MeshTLSCredentials(
        certificateChainPath: "\(folder)/\(name).pem", privateKeyPath: "\(folder)/\(name).key", trustRootsPath: "\(folder)/root.pem")
}

func work(_ part: String, _ count: Int, _ rest: ArraySlice<String>) throws -> Int {
    if let secured = SecuredWork(rawValue: part), let folder = rest.first {
        return try secured.run(count: count, server: credentials("server", in: folder), client: credentials("client", in: folder))
    }
    let parts = Workload.allCases.map(\.rawValue).joined(separator: "|")
    guard let workload = Workload(rawValue: part), rest.isEmpty || rest.count == 1 && Waste(rawValue: rest.first ?? "") != nil else {
        fail("usage: mesh-work \(parts) COUNT [--waste-allocations|--waste-instructions], or mesh-work secured|streamed COUNT FOLDER")
    }
    let result = try workload.run(count: count)
    return rest.first.flatMap { Waste(rawValue: $0) }.map { result &+ $0.run(count) } ?? result
}

/// What a check of the counts has to notice.
enum Waste: String {
    case allocations = "--waste-allocations"
    case instructions = "--waste-instructions"

    func run(_ count: Int) -> Int {
        var result = 1
        for number in 0..<count {
            switch self {
            // One more each time.
            case .allocations: result &+= [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 64).count
            // Each round needs the one before: no compiler counts them out. No memory is asked for.
            case .instructions: for _ in 0..<200 { result = (result ^ result << 13) &* 0x2545_f491_4f6c_dd1d }
            }
        }
        return result
    }
}

guard CommandLine.arguments.count >= 3, let count = Int(CommandLine.arguments[2]), (0...100_000_000).contains(count) else {
    fail("usage: mesh-work PART COUNT, COUNT up to 100000000")
}
do {
    print(try work(CommandLine.arguments[1], count, CommandLine.arguments[3...]))
} catch {
    fail("mesh-work: \(error)")
}
