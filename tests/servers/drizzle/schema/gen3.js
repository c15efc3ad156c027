module.exports = require('./later.js')(true);
