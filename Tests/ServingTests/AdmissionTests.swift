import Testing

@testable import Serving

@Suite struct AdmissionTests {
    @Test func `places are taken, refused and given back`() throws {
        let admission = Admission(running: 2, waiting: 1)
        try admission.enter(2)
        try admission.enter(1)
        #expect(throws: APIError.busy(retryAfter: 2)) { try admission.enter(1) }
        admission.leave(1, after: 1)
        try admission.enter(1)
        admission.leave(3, after: 1)
        // A request for more than there is room for runs when nothing else does.
        try admission.enter(5)
        #expect(throws: APIError.self) { try admission.enter(1) }
        admission.leave(5, after: 1)
        #expect(admission.active == 0)
    }

    @Test func `the time to come back follows how long requests take`() throws {
        let admission = Admission(running: 1, waiting: 1)
        for _ in 0..<200 { admission.leave(0, after: 10) }
        try admission.enter(2)
        #expect(throws: APIError.busy(retryAfter: 20)) { try admission.enter(1) }
    }

    @Test func `nothing enters once closed`() {
        let admission = Admission(running: 1, waiting: 1)
        admission.close()
        #expect(throws: APIError.self) { try admission.enter(1) }
    }
}
