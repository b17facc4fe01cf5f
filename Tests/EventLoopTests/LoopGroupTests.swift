import Dispatch
import EventLoop
import Platform
import Primitives
import Synchronization
import Testing

@Suite struct LoopGroupTests {
  @Test func `work posted from many threads runs on the loop, each thread's in order`() throws {
    let group = try LoopGroup(count: 2)
    let seen = Mutex<[Int: [Int]]>([:])
    let done = DispatchGroup()
    for thread in 0..<4 {
      DispatchQueue(label: "poster.\(thread)").async(group: done) {
        for number in 0..<500 {
          group.handles[thread % 2].post { loop in
            #expect(loop.handle.index == thread % 2)
            seen.withLock { $0[thread, default: []].append(number) }
          }
        }
      }
    }
    done.wait()
    group.stop()
    #expect(group.wait() == [])
    for thread in 0..<4 { #expect(seen.withLock { $0[thread] } == Array(0..<500)) }
  }

  @Test func `a stopped loop takes no more work`() throws {
    let group = try LoopGroup(count: 1)
    group.stop()
    _ = group.wait()
    #expect(!group.handles[0].post { _ in Issue.record("ran after the end") })
  }

  @Test func `timers fire on a loop that has nothing else to do`() throws {
    final class Stopper: TimerTarget {
      let loop: EventLoop
      init(_ loop: EventLoop) {
        self.loop = loop
        super.init()
      }
      override func timerFired(_ timer: LoopTimer) { loop.stop() }
    }
    let group = try LoopGroup(count: 1) { loop in
      let target = Stopper(loop)
      let timer = LoopTimer(on: loop.timers, target: target)
      timer.arm(after: Milliseconds(30))
      loop.attachment = Kept(target, timer)
    }
    #expect(group.wait() == [])
  }

  private final class Kept {
    let target: TimerTarget
    let timer: LoopTimer
    init(_ target: TimerTarget, _ timer: LoopTimer) {
      self.target = target
      self.timer = timer
    }
  }

  @Test func `the date is the one of the turn`() throws {
    let group = try LoopGroup(count: 1)
    let text = Mutex<[UInt8]>([])
    group.handles[0].post { loop in text.withLock { $0 = Array(loop.dateBytes) } }
    group.stop()
    _ = group.wait()
    #expect(text.withLock { $0.count } == 29)
    #expect(text.withLock { $0.suffix(4).elementsEqual(" GMT".utf8) })
  }

  @Test func `work put off runs after the caller, without waiting for an event`() throws {
    let order = Mutex<[Int]>([])
    let group = try LoopGroup(count: 1)
    group.handles[0].post { loop in
      loop.soon { [unowned loop] in
        order.withLock { $0.append(2) }
        loop.stop()
      }
      order.withLock { $0.append(1) }
    }
    _ = group.wait()
    #expect(order.withLock { $0 } == [1, 2])
  }

  @Test func `a signal is told on a queue`() throws {
    let told = DispatchSemaphore(value: 0)
    let watcher = SignalWatcher(.user2) { told.signal() }
    ProcessSignal.user2.raise()
    #expect(told.wait(timeout: .now() + 10) == .success)
    withExtendedLifetime(watcher) {}
  }

  @Test func `serial workers keep the order of submission`() {
    let worker = SerialWorker(name: "test")
    let order = Mutex<[Int]>([])
    for number in 0..<100 { worker.submit { order.withLock { $0.append(number) } } }
    worker.finish()
    #expect(order.withLock { $0 } == Array(0..<100))
  }
}
