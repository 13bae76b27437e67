//! Something that is waited for beside what is polled all the time.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::AcqRel;
use std::sync::atomic::Ordering::Acquire;
use std::sync::atomic::Ordering::Release;
use std::task::Context;
use std::task::Poll;
use std::task::Wake;
use std::task::Waker;

/// A future that is polled when it was woken itself, and not whenever its task is: a connection is
/// polled for every request, while what else it waits for comes to pass every few seconds.
pub(super) struct Beside<F> {
    future: Pin<Box<F>>,
    alarm: Arc<Alarm>,
    /// By which its own waker is known.
    waker: Waker,
    /// The task that is woken.
    task: Option<Waker>,
}

/// What its own waker does.
struct Alarm {
    rung: AtomicBool,
    task: Mutex<Option<Waker>>,
}

impl<F: Future> Beside<F> {
    pub(super) fn new(future: F) -> Self {
        // It is polled the first time.
        let alarm = Arc::new(Alarm { rung: AtomicBool::new(true), task: Mutex::default() });
        let waker = Waker::from(Arc::clone(&alarm));
        Self { future: Box::pin(future), alarm, waker, task: None }
    }
}

impl<F: Future> Future for Beside<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        // Who is to be woken is known before anything is looked at.
        if !self.task.as_ref().is_some_and(|task| task.will_wake(context.waker())) {
            let task = context.waker().clone();
            let mut known = self.alarm.task.lock().unwrap_or_else(PoisonError::into_inner);
            *known = Some(task.clone());
            drop(known);
            self.task = Some(task);
        }
        if !self.alarm.rung.load(Acquire) {
            return Poll::Pending;
        }
        self.alarm.rung.swap(false, AcqRel);
        let this = &mut *self;
        this.future.as_mut().poll(&mut Context::from_waker(&this.waker))
    }
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.rung.store(true, Release);
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(task) = &*task {
            task.wake_by_ref();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::pin::pin;
    use std::sync::atomic::AtomicU32;
    use std::sync::atomic::Ordering::SeqCst;

    use super::*;

    #[derive(Default)]
    struct Counter(AtomicU32);

    impl Wake for Counter {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, SeqCst);
        }
    }

    #[test]
    fn it_is_polled_when_it_was_woken_and_wakes_whoever_polled_it_last() {
        let (polled, own) = (AtomicU32::new(0), Mutex::new(None::<Waker>));
        let future = poll_fn(|context| {
            *own.lock().unwrap() = Some(context.waker().clone());
            if polled.fetch_add(1, SeqCst) == 2 { Poll::Ready(7) } else { Poll::Pending }
        });
        let mut beside = pin!(Beside::new(future));
        let tasks = [Arc::new(Counter::default()), Arc::new(Counter::default())];
        let wakers = tasks.clone().map(Waker::from);
        let mut poll = |task: usize| beside.as_mut().poll(&mut Context::from_waker(&wakers[task]));
        let wake = || own.lock().unwrap().clone().unwrap().wake();
        for _ in 0..3 {
            assert_eq!(poll(0), Poll::Pending);
        }
        assert_eq!(polled.load(SeqCst), 1);
        wake();
        assert_eq!((tasks[0].0.load(SeqCst), tasks[1].0.load(SeqCst)), (1, 0));
        assert_eq!((poll(1), poll(1)), (Poll::Pending, Poll::Pending));
        assert_eq!(polled.load(SeqCst), 2);
        wake();
        assert_eq!((tasks[0].0.load(SeqCst), tasks[1].0.load(SeqCst)), (1, 1), "it has moved");
        assert_eq!(poll(1), Poll::Ready(7));
    }
}
