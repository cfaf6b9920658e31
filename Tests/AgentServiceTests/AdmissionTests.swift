import MeshCall
import Testing

@testable import AgentService

@Suite("How many chats at once")
struct AdmissionTests {
    @Test("One person can't take all of them, all of them can't take the process, and places come free again")
    func places() throws {
        var limits = AgentLimits()
        limits.concurrentChats = 3
        limits.concurrentChatsPerUser = 2
        let admission = ChatAdmission(limits)
        try admission.enter("ada")
        try admission.enter("ada")
        let error = #expect(throws: RPCError.self) { try admission.enter("ada") }
        #expect(error?.code == .resourceExhausted)
        try admission.enter("grace")
        #expect(throws: RPCError.self) { try admission.enter("alan") }
        admission.leave("ada")
        try admission.enter("alan")
    }
}
