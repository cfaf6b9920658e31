import MeshTelemetry
import Testing

struct TraceStateTests {
    @Test(
        "Lists as the specification has them are passed on as they came",
        arguments: [
            ["rojo=00f067aa0ba902b7"], ["rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"], ["a=1, b=2 ,\tc=3"], ["1tenant@vendor=x y"], ["a=1,,b=2"],
            [String(repeating: "k", count: 255) + "=v"], ["a/b*c_d-e=!~"],
        ])
    func wellFormed(headers: [String]) {
        #expect(TraceState(headers)?.header == headers.joined(separator: ","))
    }

    @Test("Several entries are one list")
    func combined() {
        #expect(TraceState(["a=1", "b=2"])?.header == "a=1,b=2")
    }

    @Test(
        "Others are nothing",
        arguments: [
            [], [""], [" , "], ["novalue"], ["=v"], ["a="], ["A=1"], ["1a=1"], ["a=1=2"], ["a b=1"], ["a@b@c=1"], ["a@=1"], ["a=é"],
            ["a=1,a=2"], ["a=1", "a=2"], ["a=\u{7f}"], [String(repeating: "k", count: 257) + "=v"], ["a=" + String(repeating: "v", count: 257)],
            [(0...TraceState.maximumMembers).map { "k\($0)=v" }.joined(separator: ",")],
            ["a=" + String(repeating: "v", count: 255), "b=" + String(repeating: "v", count: 255)],
        ])
    func malformed(headers: [String]) {
        #expect(TraceState(headers) == nil)
    }
}
