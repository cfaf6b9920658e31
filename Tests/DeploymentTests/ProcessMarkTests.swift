import Foundation
import Testing

@testable import Deployment

@Suite("Knowing a process again")
struct ProcessMarkTests {
    private let temporary = TemporaryFolder()

    @Test("This process is known again from its pid file")
    func own() throws {
        let mark = try #require(ProcessMark(running: getpid()))
        try mark.write(to: temporary.path + "/pid")
        #expect(ProcessMark(file: temporary.path + "/pid") == mark)
        #expect(mark.isRunning)
    }

    @Test("Another process with the same number is another process")
    func reused() throws {
        let mark = try #require(ProcessMark(running: getpid()))
        try PrivateFiles.write("\(mark.pid) \(mark.startTime + 1)\n", to: temporary.path + "/pid")
        #expect(try #require(ProcessMark(file: temporary.path + "/pid")).isRunning == false)
    }

    @Test("A file with anything else in it names no process", arguments: ["", "12", "x y", "1 2 3"])
    func garbage(text: String) throws {
        try PrivateFiles.write(text, to: temporary.path + "/pid")
        #expect(ProcessMark(file: temporary.path + "/pid") == nil)
    }

    @Test("One supervisor a folder")
    func lock() throws {
        let first = try FolderLock(temporary.path + "/lock")
        #expect(throws: DeploymentError.self) { try FolderLock(temporary.path + "/lock") }
        first.release()
        _ = try FolderLock(temporary.path + "/lock")
    }
}
