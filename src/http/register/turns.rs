//! Requests that arrive together share their commits: whoever has the turn serves all who wait.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use tokio::sync::Mutex as AsyncMutex;
use tokio::sync::oneshot;

use crate::authority::Authority;
use crate::authority::AuthorityError;
use crate::authority::IssueRequest;
use crate::authority::Outcome;
use crate::http::problem::Problem;

use super::Desk;
use super::refusal;

/// Requests that wait, and whose turn it is.
#[derive(Debug, Default)]
pub(super) struct Turns {
    waiting: Mutex<Vec<Waiting>>,
    turn: Arc<AsyncMutex<()>>,
}

/// A request, and who waits for its outcome.
type Waiting = (IssueRequest, oneshot::Sender<Result<Outcome, Problem>>);

impl Turns {
    fn push(&self, waiting: Waiting) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push(waiting);
    }

    /// Takes out those who have waited for longest; whose client has gone is not served.
    fn take(&self) -> Vec<Waiting> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.retain(|(_, answer)| !answer.is_closed());
        let count = waiting.len().min(GROUP);
        waiting.drain(..count).collect()
    }
}

impl Desk {
    /// Issues to a request, in a group with those that arrive at the same time. One group at a time:
    /// so a request that is repeated while it is served waits for its certificates.
    pub(super) async fn issue(self: &Arc<Self>, request: IssueRequest) -> Result<Outcome, Problem> {
        let (answer, outcome) = oneshot::channel();
        self.turns.push((request, answer));
        let desk = Arc::clone(self);
        // Apart from the request: others' answers do not depend on this client's staying.
        tokio::spawn(async move {
            let turn = Arc::clone(&desk.turns.turn).lock_owned().await;
            let group = desk.turns.take();
            if group.is_empty() {
                return;
            }
            let work = move || {
                desk.serve(group);
                drop(turn);
            };
            if tokio::task::spawn_blocking(work).await.is_err() {
                tracing::error!("a group of requests did not end");
            }
        });
        outcome.await.unwrap_or_else(|_| Err(Problem::internal()))
    }

    fn serve(&self, group: Vec<Waiting>) {
        let (requests, answers): (Vec<_>, Vec<_>) = group.into_iter().unzip();
        match self.with(|authority| authority.issue_all(&requests)) {
            Ok(outcomes) => {
                for (outcome, answer) in outcomes.into_iter().zip(answers) {
                    // Nobody there any more: who asks again gets the same.
                    let _sent = answer.send(Ok(outcome));
                }
            }
            Err(error) => {
                let is_shared = matches!(error, AuthorityError::Store(_)) || requests.len() == 1;
                for (request, answer) in requests.iter().zip(answers) {
                    let served = if is_shared {
                        Err(refusal::failed(&error))
                    } else {
                        // What one of them has brought about is not the others' matter.
                        let alone = |authority: &Authority| authority.issue(request);
                        self.with(alone).map_err(|error| refusal::failed(&error))
                    };
                    let _sent = answer.send(served);
                }
            }
        }
    }
}

/// Requests per pair of commits.
const GROUP: usize = 128;
