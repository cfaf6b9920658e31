import Foundation
import MeshBench
import MeshTLS

// mesh-work PART COUNT [--waste]
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
    guard let workload = Workload(rawValue: part), rest.isEmpty || rest == ["--waste"] else {
        fail("usage: mesh-work \(parts) COUNT [--waste], or mesh-work secured|streamed COUNT FOLDER")
    }
    var result = try workload.run(count: count)
    if rest == ["--waste"] {
        // What a check of the counts has to notice: one more allocation each time.
        for number in 0..<count { result &+= [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 64).count }
    }
    return result
}

guard CommandLine.arguments.count >= 3, let count = Int(CommandLine.arguments[2]), (0...100_000_000).contains(count) else {
    fail("usage: mesh-work PART COUNT, COUNT up to 100000000")
}
do {
    print(try work(CommandLine.arguments[1], count, CommandLine.arguments[3...]))
} catch {
    fail("mesh-work: \(error)")
}
