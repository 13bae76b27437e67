mod answer;
mod judge;
mod read;
mod request;
